// Package api is what the HTTP API says, as Go types: the server writes
// them, the command line reads them, and the OpenAPI document at
// /openapi.json is generated from them. It holds types only.
//
// Where a value of the house already has a JSON form (a change, a verdict, a
// plan), the API shows that form and not a second one, so that a record read
// over HTTP can be judged again by the same code that judged it first. An
// order is the exception: its evidence is stored as bytes and shown as JSON.
//
// Times are RFC 3339 in UTC; a time that has not come is left out. Durations
// are nanoseconds, as Go writes them. A missing tick is null.
package api
