-- Cities are found by the ids they had before, and nobody else takes these.

CREATE INDEX city_previous_ids ON city USING gin ((body -> 'previous_ids'));
