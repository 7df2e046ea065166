//! What goes wrong with a request, before a contract puts it into its envelope.

use std::borrow::Cow;
use std::error::Error as StdError;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::fields::Invalid;
use crate::auth::local::LoginError;
use crate::auth::{AuthError, Denied};
use crate::livekit::room_service::SfuError;
use crate::store::StoreError;

/// The kind of a failure that only the log may know.
type Cause = Box<dyn StdError + Send + Sync>;

/// When to come back to a store that does not answer, in seconds.
const STORE_PAUSE: u64 = 2;

/// Why a request is not done.
#[derive(Debug)]
pub enum Refusal {
    /// 400: not even readable.
    BadRequest(String),
    /// 401: not believed.
    Denied(Denied),
    /// 401: no such pair of name and password.
    Mismatch,
    /// 403: believed, not allowed.
    Forbidden(Cow<'static, str>),
    /// 404.
    NotFound(Cow<'static, str>),
    /// 409: what is there already stands in the way.
    Conflict(Cow<'static, str>),
    /// 405.
    MethodNotAllowed,
    /// 408: the body did not come in time.
    TimedOut,
    /// 413.
    TooLarge,
    /// 422: readable, but fields are missing or of the wrong type.
    Invalid(Vec<Invalid>),
    /// 429: come back in so many seconds.
    TooMany(u64),
    /// 503: something that we need does not answer.
    Unavailable(Cause),
    /// 500: there is no key pair to sign with.
    NotConfigured,
    /// 500: our own fault.
    Internal(Cause),
}

/// Why, in one word: an extension of the answer, for metrics.
#[derive(Clone, Copy, Debug)]
pub struct Reason(pub &'static str);

impl Refusal {
    /// Why, in one word.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "bad_request",
            Self::Denied(denied) => denied.reason(),
            Self::Mismatch => "wrong_password",
            Self::Forbidden(_) => "forbidden",
            Self::NotFound(_) => "not_found",
            Self::Conflict(_) => "conflict",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::TimedOut => "timeout",
            Self::TooLarge => "too_large",
            Self::Invalid(_) => "invalid",
            Self::TooMany(_) => "too_many",
            Self::Unavailable(_) => "unavailable",
            Self::NotConfigured => "not_configured",
            Self::Internal(_) => "internal",
        }
    }

    /// The status code.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Denied(_) | Self::Mismatch => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TimedOut => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotConfigured | Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What the caller may know of it.
    pub fn detail(&self) -> Cow<'_, str> {
        match self {
            Self::BadRequest(detail) => detail.into(),
            Self::Denied(denied) => denied.to_string().into(),
            Self::Mismatch => "Incorrect username or password".into(),
            Self::Forbidden(detail) | Self::NotFound(detail) | Self::Conflict(detail) => {
                Cow::Borrowed(detail)
            }
            Self::MethodNotAllowed => "Method Not Allowed".into(),
            Self::TimedOut => "Request took too long".into(),
            Self::TooLarge => "Request body is too large".into(),
            Self::Invalid(_) => "Unprocessable Entity".into(),
            Self::TooMany(_) => "Too many attempts".into(),
            Self::Unavailable(_) => "Service temporarily unavailable".into(),
            Self::NotConfigured => "LiveKit server keys are not configured".into(),
            Self::Internal(_) => "Internal Server Error".into(),
        }
    }

    /// The answer, with a contract's status and body. This is the one place that logs causes.
    pub fn answer(&self, status: StatusCode, body: impl IntoResponse) -> Response {
        match self {
            Self::Unavailable(cause) => tracing::warn!("{}", chain(cause.as_ref())),
            Self::Internal(cause) => tracing::error!("{}", chain(cause.as_ref())),
            _ => {}
        }
        let mut response = (status, body).into_response();
        response.extensions_mut().insert(Reason(self.reason()));
        let headers = response.headers_mut();
        let retry_after = match self {
            Self::Denied(_) | Self::Mismatch if status == StatusCode::UNAUTHORIZED => {
                let bearer = HeaderValue::from_static("Bearer");
                headers.insert(header::WWW_AUTHENTICATE, bearer);
                None
            }
            Self::TooMany(seconds) => Some(*seconds),
            Self::Unavailable(_) => Some(STORE_PAUSE),
            _ => None,
        };
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

fn chain(cause: &(dyn StdError + 'static)) -> String {
    let mut text = cause.to_string();
    let mut next = cause.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

impl From<AuthError> for Refusal {
    fn from(e: AuthError) -> Self {
        match e {
            AuthError::Denied(denied) => Self::Denied(denied),
            AuthError::Unavailable(e) => Self::Unavailable(e.into()),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(e: StoreError) -> Self {
        match e {
            StoreError::Unavailable(_) | StoreError::Busy(_) => Self::Unavailable(e.into()),
            StoreError::Taken | StoreError::Broken(_) => Self::Internal(e.into()),
        }
    }
}

impl From<SfuError> for Refusal {
    fn from(e: SfuError) -> Self {
        match e {
            SfuError::NoKeys => Self::NotConfigured,
            e => Self::Unavailable(e.into()),
        }
    }
}

impl From<LoginError> for Refusal {
    fn from(e: LoginError) -> Self {
        match e {
            LoginError::Mismatch => Self::Mismatch,
            LoginError::Busy(busy) => Self::Unavailable(busy.into()),
            LoginError::Store(e) => e.into(),
        }
    }
}

impl From<crate::error::Error> for Refusal {
    fn from(e: crate::error::Error) -> Self {
        Self::Internal(e.into())
    }
}
