// Package sources says what arrives: events that tools send, the changes that
// people make, and the series that metric stores answer with.
//
// It holds values and nothing else. It reads no clock, opens no socket and
// logs nothing, so that everything built on it — deciding above all — can be
// replayed from what was stored. The adapters below it do the talking:
//
//	sources/changes/<tool>   a tool's delivery → Event
//	sources/metrics/<store>  a Query over a Window → []Series
//
// Tools send events; people make changes. One change is usually told by two
// or more events (started, then succeeded), and sometimes by two tools. Fold
// joins an event to its change; Slot says which changes stand in each
// other's way.
package sources
