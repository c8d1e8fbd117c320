SELECT p.name, p.version, p.state, p.complete, p.handled, p.handled_incarnation, p.seen, p.seen_incarnation, p.epoch, p.owner,
       p.lease_left, p.failed_category, p.failed_id, p.failed_version, p.failed_position, p.attempts, p.error
FROM {schema}.es_projections p
ORDER BY p.name, p.version
