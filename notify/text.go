package notify

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/pushback/pushback/sources"
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
// most 20 signal lines and 20 fields, and each text one line, truncated, and without
// characters that nobody sees. A link is an absolute http or https URL, or left out.
func (m Message) Truncated() Message {
	lines, fields := make([]string, 0, len(m.SignalLines)), make([]Field, 0, len(m.Fields))
	for _, line := range m.SignalLines[:min(len(m.SignalLines), maxLines)] {
		lines = append(lines, sources.OneLine(line, maxLineBytes))
	}
	for _, f := range m.Fields[:min(len(m.Fields), maxLines)] {
		fields = append(fields, Field{Name: sources.OneLine(f.Name, maxFieldBytes), Value: sources.OneLine(f.Value, maxFieldBytes)})
	}
	m.SignalLines, m.Fields = lines, fields
	m.Title, m.Action = sources.OneLine(m.Title, maxTitleBytes), sources.OneLine(m.Action, maxTitleBytes)
	m.TakenBy = sources.OneLine(m.TakenBy, maxFieldBytes)
	m.Link = WebLink(m.Link)
	m = m.mappedSections(func(text string) string { return sources.OneLine(text, maxLineBytes) })
	short := func(text string) string { return sources.OneLine(text, maxFieldBytes) }
	return m.mappedPeople(short).mappedChoices(short)
}

// The limits of a digest.
const (
	maxSections = 10
	maxItems    = 100
)

// mappedSections returns the message with every text of at most maxSections sections changed by f.
func (m Message) mappedSections(f func(string) string) Message {
	var sections []Section
	for _, s := range m.Sections[:min(len(m.Sections), maxSections)] {
		shown := min(len(s.Items), maxItems)
		one := Section{Title: f(s.Title), More: s.More + len(s.Items) - shown}
		for _, item := range s.Items[:shown] {
			one.Items = append(one.Items, Item{f(item.Text), WebLink(item.Link)})
		}
		sections = append(sections, one)
	}
	m.Sections = sections
	return m
}

// mappedPeople returns the message with every text of what is asked, and of at most maxLines people, changed by f.
func (m Message) mappedPeople(f func(string) string) Message {
	if m.Ask != nil {
		m.Ask = &Ask{Order: f(m.Ask.Order), Target: f(m.Ask.Target), ExpiresAt: m.Ask.ExpiresAt}
	}
	people := slices.Clone(m.People[:min(len(m.People), maxLines)])
	for i, p := range people {
		people[i] = Person{Name: f(p.Name), Handles: map[string]string{}}
		for kind, handle := range p.Handles {
			people[i].Handles[kind] = f(handle)
		}
	}
	m.People = people
	return m
}

// WebLink returns a URL that people may click, "" for every other text: names and rules may
// hold javascript: and the like.
func WebLink(link string) string {
	u, err := url.Parse(link)
	if err != nil || len(link) > maxLinkBytes || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return ""
	}
	return u.String()
}

var (
	mention = regexp.MustCompile(`(?i)@(channel|here|everyone|all|group|room)\b`)
	markup  = regexp.MustCompile(`<([!@#:&/?a-zA-Z])`)
)

// Plain returns text that no chat takes for more than text: no mention that calls
// everybody, no link whose words say another address, no markup. A service or a version may be
// named so. What is replaced stays readable: @here becomes ＠here.
func Plain(text string) string {
	text = mention.ReplaceAllString(text, "＠$1")
	text = strings.ReplaceAll(text, "](", "] (")
	return markup.ReplaceAllString(text, "‹$1")
}

// Plain returns the message with every text as the function Plain makes it, for a receiver that
// people read.
func (m Message) Plain() Message {
	lines, fields := make([]string, len(m.SignalLines)), make([]Field, len(m.Fields))
	for i, line := range m.SignalLines {
		lines[i] = Plain(line)
	}
	for i, f := range m.Fields {
		fields[i] = Field{Name: Plain(f.Name), Value: Plain(f.Value)}
	}
	m.Title, m.Action, m.SignalLines, m.Fields = Plain(m.Title), Plain(m.Action), lines, fields
	m.TakenBy = Plain(m.TakenBy)
	return m.mappedPeople(Plain).mappedSections(Plain).mappedChoices(Plain)
}

// Lines returns the signal lines, followed by the action and by what people can do about it.
func (m Message) Lines() []string {
	lines := slices.Clone(m.SignalLines)
	if m.Action != "" {
		lines = append(lines, m.Action)
	}
	for _, c := range m.Choices {
		lines = append(lines, c.Line())
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
