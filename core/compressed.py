"""What everybody may read is sent small. Pages with tokens are not: their size would tell of what they hold (BREACH)."""

import gzip

from flask import Response, request

TEXTS = ("text/css", "text/javascript", "image/svg+xml")


def gzipped(response: Response) -> Response:
    """The response compressed, if whoever asks can read that. Only for what holds no secret."""
    response.vary.add("Accept-Encoding")
    if "gzip" in request.accept_encodings and response.status_code == 200:
        response.direct_passthrough = False
        response.set_data(gzip.compress(response.get_data()))
        response.content_encoding = "gzip"
    return response
