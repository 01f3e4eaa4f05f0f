// Package api holds the types of the HTTP API: the server encodes them, the command
// line decodes them, and the OpenAPI document at /openapi.json is generated from
// them.
//
// A value that has a JSON form already (a change, a verdict, a plan) has the same
// form here, so that a record read over HTTP can be judged again by the code that
// judged it first. An order is the exception: its evidence is stored as bytes and
// shown as JSON.
//
// Times are RFC 3339 in UTC; a time that has not come is left out. Durations
// are nanoseconds, as Go writes them. A missing tick is null.
package api
