"""What `studygroup.search` looks words up in: a column `search` beside each text, kept by triggers, indexed.

No model knows these columns, so nothing loads them. Triggers instead of generated columns, because PostgreSQL
refuses to change the type of a column that a generated one reads, and every longer title would be such a change.

Each table's statements end with the filling of its column: rows that were changed wait for the deferred trigger
of migration 0002, and until the commit their table can be altered no more.
"""

from django.db import migrations

# Long texts are kept under their stems. Names and titles also stand as they are written, without accents: stop
# words are names, too (Will, An), and the beginning of a word is not always the beginning of its stem.
FUNCTIONS = r"""
CREATE FUNCTION studygroup_folded(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT translate(regexp_replace(normalize(words, NFKD), '[\u0300-\u036F]+', '', 'g'), 'łŁøØđĐ', 'lLoOdD')
$$;

CREATE FUNCTION studygroup_text_words(words text, weight "char") RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN setweight(to_tsvector('pg_catalog.english', words), weight);
EXCEPTION WHEN program_limit_exceeded THEN  -- more than a megabyte of different words: the beginning must do
    RETURN setweight(to_tsvector('pg_catalog.english', left(words, 20000)), weight);
END
$$;

CREATE FUNCTION studygroup_name_words(words text, weight "char") RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT setweight(
        to_tsvector('pg_catalog.english', words) || to_tsvector('pg_catalog.simple', public.studygroup_folded(words)),
        weight
    )
$$;

CREATE FUNCTION studygroup_link_words(link text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT setweight(
        to_tsvector('pg_catalog.simple', translate(words, '/:?&=#%_+~-', '           '))
        || to_tsvector('pg_catalog.simple', translate(words, '/:?&=#%_+~-.', '            ')),
        'D'
    ) FROM regexp_replace(link, '^[A-Za-z]+://(www\.)?', '') AS words
$$;

CREATE AGGREGATE studygroup_all_words(tsvector) (SFUNC = tsvector_concat, STYPE = tsvector, INITCOND = '');
"""
DROP_FUNCTIONS = """
DROP AGGREGATE studygroup_all_words(tsvector);
DROP FUNCTION studygroup_link_words(text);
DROP FUNCTION studygroup_name_words(text, "char");
DROP FUNCTION studygroup_text_words(text, "char");
DROP FUNCTION studygroup_folded(text);
"""

# Table → (what its words are made of, the SQL that makes them of NEW). Directions are not among them.
TABLES = {
    "sessions_app_session": (
        ["title", "place", "summary", "agenda", "up_next"],
        "studygroup_name_words(NEW.title, 'A') || studygroup_name_words(NEW.place, 'B')"
        " || studygroup_text_words(NEW.summary, 'C') || studygroup_text_words(NEW.agenda, 'D')"
        " || studygroup_text_words(NEW.up_next, 'D')",
    ),
    "sessions_app_notes": (["text"], "studygroup_text_words(NEW.text, 'C')"),
    "sessions_app_reading": (
        ["title", "part", "note", "url"],
        "studygroup_name_words(NEW.title, 'A') || studygroup_text_words(NEW.part || ' ' || NEW.note, 'C')"
        " || studygroup_link_words(NEW.url) || coalesce((SELECT"
        " studygroup_text_words(string_agg(title, ' ' ORDER BY position, id), 'B')"
        " || studygroup_link_words(string_agg(url, ' ' ORDER BY position, id))"
        " FROM sessions_app_readinglink WHERE reading_id = NEW.id), '')",
    ),
    "sessions_app_presentation": (
        ["title", "abstract"],
        "studygroup_name_words(NEW.title, 'A') || studygroup_text_words(NEW.abstract, 'C')",
    ),
    "sessions_app_presenter": (["guest_name"], "studygroup_name_words(NEW.guest_name, 'A')"),
    "members_user": (["name"], "studygroup_name_words(NEW.name, 'A')"),
    "members_member": (["bio"], "studygroup_text_words(NEW.bio, 'C')"),
    "members_strength": (["name"], "studygroup_name_words(NEW.name, 'B')"),
}
CREATE = """
ALTER TABLE {table} ADD COLUMN search tsvector;
CREATE INDEX {table}_search ON {table} USING gin (search) WITH (fastupdate = off);
CREATE FUNCTION studygroup_search_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.search IS NOT NULL AND {new} IS NOT DISTINCT FROM {old} THEN
            RETURN NEW;
        END IF;
    END IF;
    NEW.search := {words};
    RETURN NEW;
END
$$;
CREATE TRIGGER studygroup_search BEFORE INSERT OR UPDATE ON {table}
FOR EACH ROW EXECUTE FUNCTION studygroup_search_{table}();
UPDATE {table} SET search = NULL;
"""
DROP = """
DROP TRIGGER studygroup_search ON {table};
DROP FUNCTION studygroup_search_{table}();
ALTER TABLE {table} DROP COLUMN search;
"""

# The further links of a reading are words of the reading.
CREATE_LINKS = """
CREATE FUNCTION studygroup_search_links() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE sessions_app_reading SET search = NULL WHERE id = OLD.reading_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        UPDATE sessions_app_reading SET search = NULL WHERE id = NEW.reading_id;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER studygroup_search AFTER INSERT OR UPDATE OR DELETE ON sessions_app_readinglink
FOR EACH ROW EXECUTE FUNCTION studygroup_search_links();
"""
DROP_LINKS = """
DROP TRIGGER studygroup_search ON sessions_app_readinglink;
DROP FUNCTION studygroup_search_links();
"""

# Every search asks for all sessions that its reader may open, and when they were: answered by the index alone.
CREATE_ORDER = """
CREATE INDEX sessions_app_session_open ON sessions_app_session (starts_at, id) INCLUDE (state, announced_at);
"""
DROP_ORDER = "DROP INDEX sessions_app_session_open;"


def _create(table: str) -> str:
    columns, words = TABLES[table]
    new, old = (", ".join(f"{row}.{column}" for column in columns) for row in ("NEW", "OLD"))
    return CREATE.format(table=table, new=f"ROW({new})", old=f"ROW({old})", words=words)


class Migration(migrations.Migration):
    dependencies = [
        ("studygroup", "0003_notes_are_public"),
        ("sessions_app", "0003_notes_and_links"),
        ("members", "0005_queue_orders"),
    ]
    operations = [
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        migrations.RunSQL(CREATE_ORDER, DROP_ORDER),
        *(migrations.RunSQL(_create(table), DROP.format(table=table)) for table in TABLES),
        migrations.RunSQL(CREATE_LINKS, DROP_LINKS),
    ]
