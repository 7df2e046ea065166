"""Reads `{"key", "secret", "tokens"}` and prints what LiveKit's official SDK for Python believes each
token to say. Ends with an error when it does not believe one."""

import dataclasses
import json
import sys

from google.protobuf.json_format import MessageToDict
from livekit.api import TokenVerifier
from livekit.api.access_token import snake_to_lower_camel

given = json.load(sys.stdin)
verifier = TokenVerifier(given["key"], given["secret"])
read = []
for token in given["tokens"]:
    claims = verifier.verify(token)
    video = dataclasses.asdict(claims.video)
    read.append(
        {
            "identity": claims.identity,
            "name": claims.name,
            "metadata": claims.metadata,
            "attributes": claims.attributes,
            "video": {snake_to_lower_camel(k): v for k, v in video.items() if v is not None},
            "roomConfig": MessageToDict(claims.room_config) if claims.room_config else {},
        }
    )
print(json.dumps(read))
