#!/usr/bin/python3
"""Asks the gateway for a city as an MDP/0.2 client: a DEALER socket and no empty frame.
usage: client_mdp02.py PROTO-MODULES ENDPOINT GATEWAY-KEY PUBLIC-KEY SECRET-KEY SLUG"""
import os
import sys

import zmq

sys.path.insert(0, sys.argv[1])  # made by: protoc -Iproto --python_out=PROTO-MODULES proto/ucap/v1/*.proto
from ucap.v1 import bus_pb2, registry_pb2

endpoint, gateway_key, public_key, secret_key, slug = sys.argv[2:]
socket = zmq.Context().socket(zmq.DEALER)
socket.linger, socket.rcvtimeo = 0, 10000
socket.curve_serverkey, socket.curve_publickey, socket.curve_secretkey = map(str.encode, (gateway_key, public_key, secret_key))
socket.connect(endpoint)

header = bus_pb2.RequestHeader(method="GetCity", request_id=os.urandom(16), timeout_ms=5000)
request = registry_pb2.GetCityRequest(slug=slug)
socket.send_multipart([b"MDPC02", b"\x01", b"ucap.v1.Registry", header.SerializeToString(), request.SerializeToString()])

protocol, command, service, reply_header, message = socket.recv_multipart()
assert (protocol, command, service) == (b"MDPC02", b"\x03", b"ucap.v1.Registry")
reply = bus_pb2.ReplyHeader.FromString(reply_header)
assert reply.request_id == header.request_id
if reply.status != bus_pb2.Status.STATUS_OK:
    sys.exit(f"{bus_pb2.Status.Code.Name(reply.status)}: {reply.message}")
print(registry_pb2.City.FromString(message).names[0].text)
