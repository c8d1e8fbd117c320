-- An append of nothing: it takes the fence's lock and draws no position.
SELECT {schema}.append(false, false, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')
