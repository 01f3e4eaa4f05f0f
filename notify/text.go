package notify

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// Truncate bounds text to limit bytes of valid UTF-8, with … where something was
// left out. Texts in a message are as long as the services and versions they
// name, and those come from outside.
func Truncate(text string, limit int) string {
	if len(text) <= limit {
		return strings.ToValidUTF8(text, "")
	}
	const mark = "…"
	return strings.ToValidUTF8(text[:max(limit-len(mark), 0)], "") + mark
}

// The most that a sender passes on. A rule with more signals has a page.
const (
	maxLines      = 20
	maxTitleBytes = 1000
	maxLineBytes  = 500
	maxFieldBytes = 300
	maxLinkBytes  = 2000
)

// Truncated is the message within what any receiver takes: 20 lines and 20
// fields at most, each text clipped.
func (m Message) Truncated() Message {
	moved, fields := make([]string, 0, len(m.SignalLines)), make([]Field, 0, len(m.Fields))
	for _, line := range m.SignalLines[:min(len(m.SignalLines), maxLines)] {
		moved = append(moved, Truncate(line, maxLineBytes))
	}
	for _, f := range m.Fields[:min(len(m.Fields), maxLines)] {
		fields = append(fields, Field{Name: Truncate(f.Name, maxFieldBytes), Value: Truncate(f.Value, maxFieldBytes)})
	}
	m.SignalLines, m.Fields = moved, fields
	m.Title, m.Action, m.Link = Truncate(m.Title, maxTitleBytes), Truncate(m.Action, maxTitleBytes), Truncate(m.Link, maxLinkBytes)
	return m
}

// Lines are what moved and what is done about it, a line each.
func (m Message) Lines() []string {
	lines := slices.Clone(m.SignalLines)
	if m.Action != "" {
		lines = append(lines, m.Action)
	}
	return lines
}

// FieldValues are the fields by name.
func (m Message) FieldValues() map[string]string {
	facts := make(map[string]string, len(m.Fields))
	for _, f := range m.Fields {
		facts[f.Name] = f.Value
	}
	return facts
}

// DedupKey is the key in at most limit bytes, limit being 64 or more. A longer
// key is replaced by its SHA-256, because two keys cut short could be one.
func (m Message) DedupKey(limit int) string {
	if len(m.Key) <= limit {
		return m.Key
	}
	sum := sha256.Sum256([]byte(m.Key))
	return hex.EncodeToString(sum[:])
}
