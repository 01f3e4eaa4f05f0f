package irc

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/sources"
)

const (
	maxText    = 2000 // bytes of one text before it is cut into lines
	maxSignals = 4    // signal lines of one message; the page of the change has the rest
	maxLines   = 10   // lines of one message
	maxPeople  = 10   // who are mentioned
	codeLength = 10   // characters of an order's key that people type
)

// clean makes one line of plain text of what may come from outside: without line ends, control characters, the
// codes for colours and bold, and characters that nobody sees.
func clean(text string) string { return notify.Plain(sources.OneLine(text, maxText)) }

// cut cuts a text into pieces of at most limit bytes, between words where it can and never within a rune.
func cut(text string, limit int) (pieces []string) {
	limit = max(limit, utf8.UTFMax)
	for len(text) > limit {
		at := limit
		for at > 0 && !utf8.RuneStart(text[at]) {
			at--
		}
		if at == 0 { // no rune begins there: not valid UTF-8
			at = limit
		}
		if space := strings.LastIndexByte(text[:at], ' '); space > limit/2 {
			at = space
		}
		pieces = append(pieces, text[:at])
		text = strings.TrimLeft(text[at:], " ")
	}
	if text != "" {
		pieces = append(pieces, text)
	}
	return pieces
}

// render is a message as texts, each of which may become several lines: with the approval link or without, and with the
// commands of the channel where they are heard.
func render(m notify.Message, links, hears bool) (texts []string) {
	head := "[" + word(m) + "] " + m.Title
	if m.Link != "" {
		head += " " + m.Link
	}
	texts = append(texts, head)
	for i, line := range m.SignalLines {
		if i == maxSignals {
			texts = append(texts, fmt.Sprintf("  and %d more, on the page of the change", len(m.SignalLines)-i))
			break
		}
		texts = append(texts, "  "+line)
	}
	if known := facts(m); known != "" {
		texts = append(texts, "  "+known)
	}
	action := m.Action
	if !links {
		action = withoutLink(action)
	}
	if action != "" {
		texts = append(texts, "  "+action)
	}
	if names := mentions(m); names != "" {
		texts = append(texts, "  cc "+names)
	}
	for _, c := range m.Choices {
		texts = append(texts, choiceLine(c, hears))
	}
	if ask := askLine(m); ask != "" && hears {
		texts = append(texts, ask)
	}
	return texts
}

// facts are who made the change, until when it is watched, and how often the rule was wrong. The headline has the rest.
func facts(m notify.Message) string {
	var known []string
	for _, name := range []string{"by", "watched until"} {
		if value := m.Field(name); value != "" {
			known = append(known, name+" "+value)
		}
	}
	if record := m.Field(notify.RecordField); record != "" {
		known = append(known, m.Field("rule")+" so far: "+record)
	}
	return strings.Join(known, ", ")
}

// choiceLine says what people can do about a message, in the channel where it hears a command for that.
func choiceLine(c notify.Choice, hears bool) string {
	if !hears || !slices.Contains(commandNames, c.Chat) {
		return "  " + c.Line()
	}
	return "  " + c.When + ": " + sign + c.Chat + " " + c.About[:min(codeLength, len(c.About))]
}

// account matches what a network accepts as the name of an account, which is a nick of its owner.
var account = regexp.MustCompile("^[A-Za-z\\[\\]\\\\`_^{|}][A-Za-z0-9\\[\\]\\\\`_^{|}-]{0,31}$")

// mentions names those whose accounts pushback.yml knows, for which clients highlight. A name from outside is not
// among them. The end of a thread calls nobody.
func mentions(m notify.Message) string {
	if m.Resolved {
		return ""
	}
	var names []string
	for _, p := range m.People {
		if name := p.Handles["irc"]; account.MatchString(name) && len(names) < maxPeople {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// word says how urgent a message is.
func word(m notify.Message) string {
	if m.Resolved {
		return "resolved"
	}
	return string(m.Severity)
}

// askLine says which commands decide, where people are asked.
func askLine(m notify.Message) string {
	if m.Ask == nil || m.Ask.Order == "" || m.Resolved {
		return ""
	}
	code := m.Ask.Order[:min(codeLength, len(m.Ask.Order))]
	return fmt.Sprintf("  !approve %s or !reject %s%s", code, code, until(m.Ask))
}

// until says when the question ends by itself, nothing where that is not known.
func until(ask *notify.Ask) string {
	if ask == nil || ask.ExpiresAt.IsZero() {
		return ""
	}
	return ask.ExpiresAt.UTC().Format(" (until 15:04 MST)")
}

// approvalLink is the link by which whoever has it may decide, with the words before it.
var approvalLink = regexp.MustCompile(`(,? or open )?https?://\S+[?&]token=\S+`)

// withoutLink leaves the approval link out: everybody in a channel could follow it, with an account or without, and
// so could whoever reads its log.
func withoutLink(text string) string { return approvalLink.ReplaceAllString(text, "") }

// lines are texts as the lines of a message: clean, of at most limit bytes, and at most maxLines. The last line
// always stays: it says how to answer.
func lines(texts []string, limit int) (all []string) {
	for _, text := range texts {
		indent := ""
		if strings.HasPrefix(text, "  ") {
			indent = "  "
		}
		for _, piece := range cut(clean(text), limit-len(indent)) {
			all = append(all, indent+piece)
		}
	}
	if len(all) > maxLines {
		all = append(all[:maxLines-2], notify.Truncate("  … the rest is on the page of the change", limit), all[len(all)-1])
	}
	return all
}
