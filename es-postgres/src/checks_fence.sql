-- an append of nothing: it announces what it may draw, and draws nothing
SELECT {schema}.append(false, false, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')
