SELECT {schema}.frontier(),
       coalesce((SELECT e.position FROM {schema}.events e ORDER BY e.position DESC LIMIT 1), 0),
       (SELECT i.id FROM {schema}.incarnations i ORDER BY i.number DESC LIMIT 1)
