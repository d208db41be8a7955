-- A page of hits as one JSON text. In braces stand the questions of the models, and values have names (statement.py).

WITH visible (id, at) AS MATERIALIZED ({sessions}),  -- of the year that is asked for
recent (id, at) AS MATERIALIZED ({recent}),  -- the newest of them

is_long (is_long) AS MATERIALIZED (SELECT count(*) = %(walked)s FROM recent),  -- enough to walk through

-- 1. The newest rows of each source that have the words: phrases are only words here. The index hands over all rows
-- of a word at once, however many they are. So in a long archive what is newest is looked at first, row after row: where
-- half of a sample have the words, the walk goes on until there are enough, and the index is not asked. A walk is read
-- only as far as it is asked for. Where the index is asked, it is by itself, behind OFFSET 0: the planner does not
-- reckon with what it costs to read the words of a row, and would rather read those of all rows that it has at hand.
session_walk (id, at, fits) AS MATERIALIZED (
    SELECT id, at, (SELECT search @@ %(loose)s::tsquery FROM sessions_app_session WHERE id = newest.id)
    FROM (SELECT id, at FROM recent ORDER BY at DESC, id DESC OFFSET 0) AS newest
),
session_new AS MATERIALIZED (
    SELECT id, at FROM session_walk
    WHERE (SELECT is_long FROM is_long)
        AND (SELECT count(*) FROM (SELECT fits FROM session_walk LIMIT %(sample)s) AS sample WHERE fits) * 2 >= %(sample)s
        AND fits LIMIT %(most)s
),
session_found AS MATERIALIZED (
    SELECT id, at FROM session_new WHERE (SELECT count(*) FROM session_new) = %(most)s
    UNION ALL (
        SELECT id, at
        FROM (SELECT id FROM sessions_app_session WHERE search @@ %(loose)s::tsquery OFFSET 0) AS worded
        JOIN visible USING (id)
        WHERE (SELECT count(*) FROM session_new) < %(most)s ORDER BY at DESC, id DESC LIMIT %(most)s
    )
),
notes_walk (id, at, fits) AS MATERIALIZED (
    SELECT notes.id, at, (SELECT search @@ %(loose)s::tsquery FROM sessions_app_notes WHERE id = notes.id)
    FROM (SELECT id, at FROM recent ORDER BY at DESC, id DESC OFFSET 0) AS newest
    CROSS JOIN LATERAL (
        SELECT notes.id FROM ({notes}) AS notes (id, session_id) WHERE session_id = newest.id OFFSET 0
    ) AS notes
),
notes_new AS MATERIALIZED (
    SELECT id, at FROM notes_walk
    WHERE (SELECT is_long FROM is_long)
        AND (SELECT count(*) FROM (SELECT fits FROM notes_walk LIMIT %(sample)s) AS sample WHERE fits) * 2 >= %(sample)s
        AND fits LIMIT %(most)s
),
notes_found AS MATERIALIZED (
    SELECT id, at FROM notes_new WHERE (SELECT count(*) FROM notes_new) = %(most)s
    UNION ALL (
        SELECT notes.id, at
        FROM (SELECT id FROM sessions_app_notes WHERE search @@ %(loose)s::tsquery OFFSET 0) AS worded
        JOIN ({notes}) AS notes (id, session_id) USING (id) JOIN visible ON visible.id = session_id
        WHERE (SELECT count(*) FROM notes_new) < %(most)s ORDER BY at DESC, notes.id DESC LIMIT %(most)s
    )
),
reading_walk (id, at, fits) AS MATERIALIZED (
    SELECT reading.id, at, (SELECT search @@ %(loose)s::tsquery FROM sessions_app_reading WHERE id = reading.id)
    FROM (SELECT id, at FROM recent ORDER BY at DESC, id DESC OFFSET 0) AS newest
    CROSS JOIN LATERAL (
        SELECT id FROM sessions_app_reading WHERE session_id = newest.id ORDER BY id DESC OFFSET 0
    ) AS reading
),
reading_new AS MATERIALIZED (
    SELECT id, at FROM reading_walk
    WHERE (SELECT is_long FROM is_long)
        AND (SELECT count(*) FROM (SELECT fits FROM reading_walk LIMIT %(sample)s) AS sample WHERE fits) * 2 >= %(sample)s
        AND fits LIMIT %(most)s
),
reading_found AS MATERIALIZED (
    SELECT id, at FROM reading_new WHERE (SELECT count(*) FROM reading_new) = %(most)s
    UNION ALL (
        SELECT reading.id, at
        FROM (SELECT id, session_id FROM sessions_app_reading WHERE search @@ %(loose)s::tsquery OFFSET 0) AS reading
        JOIN visible ON visible.id = session_id
        WHERE (SELECT count(*) FROM reading_new) < %(most)s ORDER BY at DESC, reading.id DESC LIMIT %(most)s
    )
),
talk_at (id, at) AS MATERIALIZED (  -- the last time that each was given
    SELECT presentation_id, max(at) FROM (SELECT * FROM sessions_app_slot OFFSET 0) AS slot  -- read once, as a whole
    JOIN visible ON visible.id = session_id GROUP BY presentation_id
),
talk_given (id, at) AS MATERIALIZED (
    SELECT presentation_id, max(at) FROM recent
    CROSS JOIN LATERAL (
        SELECT presentation_id FROM sessions_app_slot WHERE session_id = recent.id OFFSET 0
    ) AS slot
    GROUP BY presentation_id
),
talk_walk (id, at, fits) AS MATERIALIZED (
    SELECT id, at, (SELECT search @@ %(loose)s::tsquery FROM sessions_app_presentation WHERE id = given.id)
    FROM (SELECT id, at FROM talk_given ORDER BY at DESC, id DESC OFFSET 0) AS given
),
talk_new AS MATERIALIZED (
    SELECT id, at FROM talk_walk
    WHERE (SELECT is_long FROM is_long)
        AND (SELECT count(*) FROM (SELECT fits FROM talk_walk LIMIT %(sample)s) AS sample WHERE fits) * 2 >= %(sample)s
        AND fits LIMIT %(most)s
),
talk_found AS MATERIALIZED (  -- one that stands in no session is the organisers'
    SELECT id, at FROM talk_new WHERE (SELECT count(*) FROM talk_new) = %(most)s
    UNION ALL (
        SELECT id, at FROM (SELECT id FROM sessions_app_presentation WHERE search @@ %(loose)s::tsquery OFFSET 0) AS worded
        LEFT JOIN talk_at USING (id)
        WHERE (SELECT count(*) FROM talk_new) < %(most)s
            AND (at IS NOT NULL OR (%(sees_everything)s AND %(year)s::int IS NULL))
        ORDER BY at DESC NULLS LAST, id DESC LIMIT %(most)s
    )
),
-- People are of no year, and their words stand in several tables: whoever has one of the words.
readable (id) AS NOT MATERIALIZED ({members}),  -- of whom more than the name may be found
member_walk (id, fits) AS MATERIALIZED (
    SELECT id, (SELECT search @@ %(any)s::tsquery FROM members_user WHERE id = user_id)
        OR (EXISTS (SELECT FROM readable WHERE id = newest.id) AND (
            (SELECT search @@ %(any)s::tsquery FROM members_member WHERE id = newest.id) OR EXISTS (
                SELECT FROM members_member_strengths WHERE member_id = newest.id
                    AND strength_id IN (SELECT id FROM members_strength WHERE search @@ %(any)s::tsquery)
            )
        ))
    FROM (SELECT id, user_id FROM members_member ORDER BY id DESC LIMIT %(walked)s) AS newest
),
member_new AS MATERIALIZED (
    SELECT id FROM member_walk
    WHERE %(is_member)s AND %(year)s::int IS NULL AND (SELECT is_long FROM is_long)
        AND (SELECT count(*) FROM (SELECT fits FROM member_walk LIMIT %(sample)s) AS sample WHERE fits) * 2 >= %(sample)s
        AND fits LIMIT %(most)s
),
member_found AS MATERIALIZED (
    SELECT id, EXISTS (SELECT FROM readable WHERE id = named.id) AS is_readable FROM (
        SELECT id FROM member_new WHERE (SELECT count(*) FROM member_new) = %(most)s
        UNION ALL (
            SELECT id FROM (
                SELECT member.id FROM members_user AS account
                JOIN members_member AS member ON user_id = account.id WHERE account.search @@ %(any)s::tsquery
                UNION
                SELECT id FROM members_member JOIN readable USING (id) WHERE search @@ %(any)s::tsquery
                UNION
                SELECT member_id FROM members_member_strengths JOIN readable ON readable.id = member_id
                WHERE strength_id IN (SELECT id FROM members_strength WHERE search @@ %(any)s::tsquery)
            ) AS worded
            WHERE (SELECT count(*) FROM member_new) < %(most)s AND %(is_member)s AND %(year)s::int IS NULL
            ORDER BY id DESC LIMIT %(most)s
        )
        OFFSET 0
    ) AS named
),
presenter_found AS MATERIALIZED (  -- whoever has a talk that may be seen; members find each other as members
    SELECT id FROM (
        SELECT id FROM sessions_app_presenter WHERE search @@ %(any)s::tsquery
        UNION
        SELECT presenter.id FROM members_user AS account
        JOIN members_member AS member ON member.user_id = account.id
        JOIN sessions_app_presenter AS presenter ON presenter.member_id = member.id
        WHERE account.search @@ %(any)s::tsquery AND NOT %(is_member)s
    ) AS named
    WHERE %(year)s::int IS NULL AND EXISTS (
        SELECT FROM sessions_app_appearance AS appearance JOIN talk_at ON talk_at.id = presentation_id
        WHERE appearance.presenter_id = named.id
    )
    ORDER BY id DESC LIMIT %(most)s
),

-- 2. Their words in full. Each row is looked up by itself: a join would read the words of all others, too.
worded (source, kind, id, at, words) AS (
    SELECT 'session', 'sessions', id, at, (SELECT search FROM sessions_app_session WHERE id = found.id)
    FROM session_found AS found
    UNION ALL
    SELECT 'notes', 'notes', id, at, (SELECT search FROM sessions_app_notes WHERE id = found.id)
    FROM notes_found AS found
    UNION ALL
    SELECT 'reading', 'readings', id, at, (SELECT search FROM sessions_app_reading WHERE id = found.id)
    FROM reading_found AS found
    UNION ALL
    SELECT 'talk', 'talks', id, at, (SELECT search FROM sessions_app_presentation WHERE id = found.id)
    FROM talk_found AS found
    UNION ALL
    SELECT 'member', 'people', id, NULL, (
        SELECT account.search || CASE WHEN is_readable THEN member.search || coalesce((
            SELECT studygroup_all_words(strength.search) FROM members_member_strengths AS has
            JOIN members_strength AS strength ON strength.id = strength_id WHERE has.member_id = member.id
        ), '') ELSE '' END
        FROM members_member AS member JOIN members_user AS account ON account.id = user_id
        WHERE member.id = found.id
    ) FROM member_found AS found
    UNION ALL
    SELECT 'presenter', 'people', id, NULL, (
        SELECT presenter.search || coalesce(account.search, '')
        FROM sessions_app_presenter AS presenter LEFT JOIN members_member AS member ON member.id = member_id
        LEFT JOIN members_user AS account ON account.id = user_id
        WHERE presenter.id = found.id
    ) FROM presenter_found AS found
),

-- 3. What fits exactly, the better first. In twenty years a hit loses half its weight.
hits AS MATERIALIZED (
    SELECT source, kind, id, at,
        ts_rank_cd('{{0.005, 0.01, 0.3, 1}}', words, %(exact)s::tsquery)  -- a word of an agenda, a text, a place, a title
        / (1 + extract(epoch FROM greatest(now() - coalesce(at, now()), '0')) / extract(epoch FROM '20 years'::interval))
        AS score
    FROM (SELECT * FROM worded OFFSET 0) AS worded
    WHERE (NOT %(needs_check)s AND kind <> 'people') OR words @@ %(exact)s::tsquery
),

-- 4. One page of them.
paging AS (
    SELECT pages, least(%(page)s, pages) AS page
    FROM (
        SELECT greatest(1, ceil(count(*) / %(rows)s::float))::int AS pages
        FROM hits WHERE %(kind)s IN ('', kind)
    ) AS counted
),
listed AS (
    SELECT source, kind, id, row_number() OVER (ORDER BY score DESC, at DESC NULLS LAST, source, id) AS line
    FROM hits WHERE %(kind)s IN ('', kind)
),
shown AS MATERIALIZED (
    SELECT source, kind, id, line FROM listed, paging
    WHERE line > (page - 1) * %(rows)s AND line <= page * %(rows)s
),

-- 5. What the page says of them.
person (presenter_id, name) AS NOT MATERIALIZED (
    SELECT presenter.id, coalesce(nullif(account.name, ''), nullif(guest_name, ''), %(forgotten)s)
    FROM sessions_app_presenter AS presenter
    LEFT JOIN members_member AS member ON member.id = presenter.member_id
    LEFT JOIN members_user AS account ON account.id = member.user_id
),
told (line, source, kind, title, text, session_id, about, slug) AS (
    SELECT line, source, kind, title, concat_ws(E'\n', summary, agenda, up_next), id, NULL::text, NULL::text
    FROM shown JOIN sessions_app_session USING (id) WHERE source = 'session'
    UNION ALL
    SELECT line, source, kind, session.title, text, session_id, NULL, NULL
    FROM shown JOIN sessions_app_notes AS notes USING (id)
    JOIN sessions_app_session AS session ON session.id = session_id WHERE source = 'notes'
    UNION ALL
    SELECT line, source, shown.kind, title, concat_ws('. ', nullif(part, ''), nullif(note, '')), session_id, NULL, NULL
    FROM shown JOIN sessions_app_reading USING (id) WHERE source = 'reading'
    UNION ALL
    SELECT line, source, kind, title, abstract, newest.session_id, (
        SELECT string_agg(name, ', ' ORDER BY position, appearance.id)
        FROM sessions_app_appearance AS appearance JOIN person USING (presenter_id)
        WHERE presentation_id = talk.id
    ), talk.id::text
    FROM shown JOIN sessions_app_presentation AS talk USING (id)
    LEFT JOIN LATERAL (
        SELECT session_id FROM sessions_app_slot JOIN visible ON visible.id = session_id
        WHERE presentation_id = talk.id ORDER BY at DESC LIMIT 1
    ) AS newest ON true WHERE source = 'talk'
    UNION ALL
    SELECT line, source, kind, name, '', newest.session_id, NULL, id::text
    FROM shown JOIN person ON presenter_id = id
    LEFT JOIN LATERAL (
        SELECT session_id FROM sessions_app_appearance AS appearance
        JOIN sessions_app_slot USING (presentation_id) JOIN visible ON visible.id = session_id
        WHERE appearance.presenter_id = shown.id ORDER BY at DESC LIMIT 1
    ) AS newest ON true WHERE source = 'presenter'
    UNION ALL
    SELECT line, source, kind, coalesce(nullif(account.name, ''), %(nameless)s),
        CASE WHEN readable.id IS NOT NULL THEN bio END, NULL,
        CASE WHEN readable.id IS NOT NULL THEN (
            SELECT string_agg(name, ', ' ORDER BY position, strength.id)
            FROM members_member_strengths AS has JOIN members_strength AS strength ON strength.id = strength_id
            WHERE has.member_id = member.id
        ) END, slug
    FROM shown JOIN members_member AS member USING (id)
    JOIN members_user AS account ON account.id = member.user_id LEFT JOIN readable ON readable.id = member.id
    WHERE source = 'member'
),
listing AS (
    SELECT line, source, kind, told.title, about, slug, number, session.title AS session_title, state, starts_at,
        time_zone, text
    FROM told LEFT JOIN sessions_app_session AS session ON session.id = session_id
)
SELECT json_build_object(
    'rows', (SELECT json_agg(listing ORDER BY line) FROM listing),
    'counts', (SELECT json_object_agg(kind, n) FROM (SELECT kind, count(*) AS n FROM hits GROUP BY kind) AS each),
    'capped', (
        SELECT json_agg(kind) FROM (
            SELECT 'sessions' AS kind FROM session_found HAVING count(*) = %(most)s
            UNION SELECT 'notes' FROM notes_found HAVING count(*) = %(most)s
            UNION SELECT 'readings' FROM reading_found HAVING count(*) = %(most)s
            UNION SELECT 'talks' FROM talk_found HAVING count(*) = %(most)s
            UNION SELECT 'people' FROM member_found HAVING count(*) = %(most)s
            UNION SELECT 'people' FROM presenter_found HAVING count(*) = %(most)s
        ) AS full_ones
    ),
    'page', page,
    'pages', pages
)::text FROM paging
