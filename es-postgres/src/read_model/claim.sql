SELECT (c.status).name, (c.status).version, (c.status).state, (c.status).complete, (c.status).handled,
       (c.status).handled_incarnation, (c.status).seen, (c.status).seen_incarnation, (c.status).epoch, (c.status).owner,
       (c.status).lease_left, (c.status).failed_category, (c.status).failed_id, (c.status).failed_version,
       (c.status).failed_position, (c.status).attempts, (c.status).error, c.claimed
FROM {schema}.claim_projection($1, $2, $3, $4) c
