package notify

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// Truncate returns text in at most limit bytes of valid UTF-8, and ends it with …
// if something was left out. Texts contain the names of services and versions,
// which other tools report and which may have any length.
func Truncate(text string, limit int) string {
	if len(text) <= limit {
		return strings.ToValidUTF8(text, "")
	}
	const mark = "…"
	return strings.ToValidUTF8(text[:max(limit-len(mark), 0)], "") + mark
}

// The limits of a message that is sent. The page of the change shows the rest.
const (
	maxLines      = 20
	maxTitleBytes = 1000
	maxLineBytes  = 500
	maxFieldBytes = 300
	maxLinkBytes  = 2000
)

// Truncated returns the message within the limits that every receiver accepts: at
// most 20 signal lines and 20 fields, and each text truncated.
func (m Message) Truncated() Message {
	lines, fields := make([]string, 0, len(m.SignalLines)), make([]Field, 0, len(m.Fields))
	for _, line := range m.SignalLines[:min(len(m.SignalLines), maxLines)] {
		lines = append(lines, Truncate(line, maxLineBytes))
	}
	for _, f := range m.Fields[:min(len(m.Fields), maxLines)] {
		fields = append(fields, Field{Name: Truncate(f.Name, maxFieldBytes), Value: Truncate(f.Value, maxFieldBytes)})
	}
	m.SignalLines, m.Fields = lines, fields
	m.Title, m.Action, m.Link = Truncate(m.Title, maxTitleBytes), Truncate(m.Action, maxTitleBytes), Truncate(m.Link, maxLinkBytes)
	return m
}

// Lines returns the signal lines, followed by the action.
func (m Message) Lines() []string {
	lines := slices.Clone(m.SignalLines)
	if m.Action != "" {
		lines = append(lines, m.Action)
	}
	return lines
}

// FieldValues returns the value of each field by its name.
func (m Message) FieldValues() map[string]string {
	values := make(map[string]string, len(m.Fields))
	for _, f := range m.Fields {
		values[f.Name] = f.Value
	}
	return values
}

// DedupKey returns the key in at most limit bytes; limit is at least 64. A longer
// key is replaced by its SHA-256 in hex, because two truncated keys could be equal.
func (m Message) DedupKey(limit int) string {
	if len(m.Key) <= limit {
		return m.Key
	}
	sum := sha256.Sum256([]byte(m.Key))
	return hex.EncodeToString(sum[:])
}
