"""The one settings file: typed, read from the environment, safe for production unless told otherwise.

Every variable is listed in `.env.example`, which a test compares with this file. A `.env` file beside
manage.py is read first; variables that are already set win over it.
"""

from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from outbox import providers
from studygroup import embedded_postgres

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

DATA_DIR = Path(env.str("STUDYGROUP_DATA", default="") or BASE_DIR / "data")


def secret_key() -> str:
    """The signing key: SECRET_KEY, or the file that `bin/serve` wrote into the data folder.

    Raises ImproperlyConfigured when there is neither: a key that anybody can read in the source
    would let them sign in as anybody.
    """
    key = env.str("SECRET_KEY", default="")
    file = DATA_DIR / "secret_key"
    if not key and file.is_file():
        key = file.read_text().strip()
    if not key:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. Put a long random value into the environment or into .env, "
            "or start once with bin/serve, which makes one."
        )
    return key


SECRET_KEY = secret_key()
DEBUG = env.bool("DEBUG", default=False)

# --- Address ---------------------------------------------------------------------------------------
SITE_URL = (env.str("SITE_URL", default="") or "http://127.0.0.1:8000").rstrip("/")
_site = urlsplit(SITE_URL)
if _site.scheme not in {"http", "https"} or not _site.hostname:
    raise ImproperlyConfigured(f"SITE_URL must look like https://group.example.org, not {SITE_URL!r}.")
HTTPS = _site.scheme == "https"
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[]) or [_site.hostname]
if "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS must name the hosts; '*' would trust any Host header.")
CSRF_TRUSTED_ORIGINS = [f"{_site.scheme}://{_site.netloc}"]
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# How far X-Forwarded-For is believed when limits ask where a request came from (members/limits.py).
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=int(BEHIND_PROXY))

# --- Applications ----------------------------------------------------------------------------------
INSTALLED_APPS = [
    "studygroup",
    "sessions_app",
    "members",
    "outbox",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "studygroup.page_cache.PublicPageMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "studygroup.middleware.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "members.middleware.AdminSecondFactorMiddleware",
    "studygroup.middleware.NotSetUpMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "studygroup.urls"
WSGI_APPLICATION = "studygroup.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "studygroup.context.site",
            ],
            "builtins": [
                "studygroup.templatetags.drawings",
                "studygroup.templatetags.outside",
                "studygroup.templatetags.text",
            ],
        },
    },
]

# --- Database and cache ----------------------------------------------------------------------------
# One engine everywhere. Without DATABASE_URL the PostgreSQL that comes with the requirements is started.
if env.str("DATABASE_URL", default=""):
    DATABASES = {"default": env.db("DATABASE_URL")}
else:
    DATABASES = {"default": embedded_postgres.ensure(DATA_DIR)}
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL server (postgres://…).")
DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Shared by all processes, so that limits on signing in and applying hold whichever process answers. With
# Django's 300 entries, a few hundred addresses would push the counts of all others out.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "studygroup_cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}

# Public pages from memory, exact (studygroup.page_cache). Off only where rows change without a commit.
PUBLIC_PAGE_CACHE = True

# --- People ----------------------------------------------------------------------------------------
AUTH_USER_MODEL = "members.User"
# Addresses are unique without regard to case (members_one_account_per_address), which the check cannot see.
SILENCED_SYSTEM_CHECKS = ["auth.E003"]
# One backend: it hashes the password once for every address, known or not. allauth's would hash it again.
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "arrive"
LOGOUT_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "members.accounts.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True  # they come to members.accounts, which makes a mail that is not sent
ACCOUNT_FORMS = {
    "request_login_code": "members.forms.signing_in.CodeRequestForm",
    "reset_password": "members.forms.signing_in.PasswordResetForm",
}
# allauth's own reads the account's addresses, and so would take longer for a known one.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105
ACCOUNT_CHANGE_EMAIL = True  # one address an account; a new one replaces it once it is confirmed
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _site.scheme
ACCOUNT_SESSION_REMEMBER = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ADAPTER = "members.second_factor.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "members.forms.second_factor.CodeForm",
    "reauthenticate": "members.forms.second_factor.CodeAgainForm",
    "activate_totp": "members.forms.second_factor.AppForm",
    "add_webauthn": "members.forms.second_factor.NewPasskeyForm",
    "edit_webauthn": "members.forms.second_factor.PasskeyNameForm",
    "authenticate_webauthn": "members.forms.second_factor.PasskeyForm",
    "reauthenticate_webauthn": "members.forms.second_factor.PasskeyAgainForm",
    "login_webauthn": "members.forms.second_factor.PasskeyAloneForm",
}
MFA_TOTP_TOLERANCE = 1  # a phone's clock may be half a minute off

# --- Mail ------------------------------------------------------------------------------------------
# With neither a server nor a provider, mail is printed on the worker's console and stands on the outbox page
# in full.
EMAIL_TIMEOUT = 10  # seconds: a slow mail server must not hold a worker
EMAIL_URL = env.str("EMAIL_URL", default="")
MAIL_PROVIDER = env.str("MAIL_PROVIDER", default="").lower()
MAIL_LEAVES_HERE = bool(EMAIL_URL or MAIL_PROVIDER)
MAIL_PER_MINUTE = env.int("MAIL_PER_MINUTE", default=0)  # over all workers; 0: as fast as the server takes it
vars().update(env.email_url_config(EMAIL_URL or "consolemail://"))
if MAIL_PROVIDER:
    try:
        EMAIL_BACKEND = providers.backend_of(MAIL_PROVIDER)
        ANYMAIL = providers.options_of(MAIL_PROVIDER, env.ENVIRON, timeout=EMAIL_TIMEOUT)
    except providers.WrongSettings as fault:
        raise ImproperlyConfigured(str(fault)) from fault
    INSTALLED_APPS += ["anymail"]
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="") or f"Study Group <no-reply@{_site.hostname}>"

# --- Background work -------------------------------------------------------------------------------
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}  # run by `manage.py worker`

# --- Language, time, files -------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"  # stored and computed in UTC; pages use the session's or the group's own zone

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.str("STUDYGROUP_STATIC_ROOT", default="") or BASE_DIR / "staticfiles")
MEDIA_ROOT = DATA_DIR / "media"  # photos; read through views that know who may see them, so without a URL
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# --- Safety ----------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000  # bytes: the longest answer is far below it
DATA_UPLOAD_MAX_NUMBER_FIELDS = 600  # a session with 30 readings and 12 talks is one form

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    # Answers of 403 and 404 are no faults, and their addresses may hold somebody's private token.
    # That a task begins and ends is said every half minute; that one fails is an error.
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django_tasks": {"level": "WARNING"},
        "django_tasks_db": {"level": "WARNING"},
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
