"""Writes seed-vectors.json: requests, and the seed's keys of them. Run with a real python3 when a vector is added."""

import hashlib
import json
import pathlib

HERE = pathlib.Path(__file__).parent


def text(model, messages, tools):
    ordered = sorted(tools, key=lambda t: t["name"] if "name" in t else t["function"]["name"]) if tools else []
    return json.dumps({"model": model, "messages": messages, "tools": ordered}, sort_keys=True)


def user(content):
    return [{"role": "user", "content": content}]


def function(name, **parameters):
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


RAW = [
    '{"model":"gpt-4o","messages":[{"role":"user","content":"What are your business hours?"}]}',
    '{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}],"tools":null}',
    '{"model":"m","messages":[],"tools":[]}',
    '{"model":"m","messages":[{"content":"x","role":"user","temperature":1.0,"n":1,"i":-0,"b":true,"f":false,"o":null}]}',
    '{"model":"m","messages":[{"t":[1e-05,0.0001,1e-4,0.00001234,1e16,1e15,1234567890123456.0,12345678901234567.0,1e22,1e21,123e-7,1E5,5e-324,'
    '1.7976931348623157e308,1e400,-1e400,0.1,0.30000000000000004,2.5,100.0,9007199254740993,123456789012345678901234567890,'
    '2.0e0,4.35,1e23,9.5367431640625e-07,2e-3,1.5e300,-1.5e-300,8.41,4.4501477170144023e-308,2.2250738585072014e-308]}]}',
]

REQUESTS = [
    {"model": "m", "messages": user("Größe: 5 µm, 漢字, emoji 😀 \U0001F468\u200d\U0001F469, \u2028 \u00a0 \ufffd")},
    {"model": "m", "messages": user("quotes \" back \\ slash / tab \t nl \n cr \r ff \f bs \b nul \0 esc \x1b del \x7f")},
    {"model": "m", "messages": user([{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "data:,x"}}])},
    {"model": "m", "messages": [{"role": "system", "content": "s"}, {"role": "assistant", "content": None, "tool_calls": [
        {"id": "t", "type": "function", "function": {"name": "f", "arguments": "{\"a\": 1.0}"}}]}]},
    {"model": "m", "messages": [{"é": 1, "z": 2, "Z": 3, "a": {"b": [], "a": {}}, "\U0001F600": 4, "\uffff": 5, "": 6}]},
    {"model": "m", "messages": user("x"), "tools": [{"name": "b", "x": 1}, {"name": "a"}, {"name": "B"}]},
    {"model": "m", "messages": user("x"), "tools": [function("b", deep={"deeper": {"min": 1e-05, "max": 1.0}}), function("a")]},
    {"model": "m", "messages": user("x"), "tools": [function("\U0001F600"), function("\uffff"), function("é"), function("z")]},
    {"model": "m", "messages": user("x"), "tools": [{"name": "same", "n": 2}, {"name": "same", "n": 1}, function("other")]},
]


def vectors():
    for raw in RAW + [json.dumps(r, ensure_ascii=i % 2 == 0) for i, r in enumerate(REQUESTS)]:
        request = json.loads(raw)
        canonical = text(request["model"], request["messages"], request.get("tools"))
        yield {"request": raw, "text": canonical, "key": "llm:cache:" + hashlib.sha256(canonical.encode()).hexdigest()}


(HERE / "seed-vectors.json").write_text(json.dumps(list(vectors()), indent=1) + "\n")
