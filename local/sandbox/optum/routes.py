"""The paths the vendor serves, under every prefix that its documentation writes somewhere."""

from __future__ import annotations

from local.sandbox.routes import Route

_PAYMENT_PREFIXES = ("/api/issue/v1", "/api/v1", "/v1", "")
_EVENT_PREFIXES = ("/api/event-api/v1", "/v1/event-api")
_PAYMENT_ROUTES = (
    Route("POST", "/payments", "issue_payment"),
    Route("GET", "/payments/batch", "list_batches"),
    Route("GET", "/payments/batch/{batch_id}", "get_batch"),
    Route("GET", "/payments/batch/{batch_id}/details", "get_batch_details"),
    Route("GET", "/payments/{payment_id}", "get_payment"),
    Route("GET", "/payments/{payment_id}/details", "get_payment_details"),
    Route("POST", "/payments/{payment_id}/release", "release_payment"),
    Route("POST", "/payments/{payment_id}/void", "void_payment"),
    Route("POST", "/payments/{payment_id}/reissue", "reissue_payment"),
)
_EVENT_ROUTES = (
    Route("POST", "/subscriptions", "subscribe"),
    Route("GET", "/subscriptions", "list_subscriptions"),
    Route("PUT", "/subscriptions/{id}", "change_subscription"),
    Route("POST", "/subscriptions/{id}/reopen", "reopen_subscription"),
    Route("GET", "/subscriptions/{id}/missed-events", "list_missed_events"),
    Route("POST", "/subscriptions/{id}/missed-events/{event_id}/acknowledge", "acknowledge_event"),
)
ROUTES = tuple(
    Route(route.method, prefix + route.path, route.operation)
    for prefixes, routes in (
        (_EVENT_PREFIXES, _EVENT_ROUTES),
        (_PAYMENT_PREFIXES, _PAYMENT_ROUTES),
    )
    for prefix in prefixes
    for route in routes
)

OPERATIONS = tuple(route.operation for route in (*_PAYMENT_ROUTES, *_EVENT_ROUTES))
