package irc

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/sources"
)

const (
	maxText    = 2000 // bytes of one text before it is cut into lines
	maxSignals = 4    // signal lines of one message; the page of the change has the rest
	maxLines   = 10   // lines of one message
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

// render is a message as texts, each of which may become several lines.
func render(m notify.Message, links bool) (texts []string) {
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
	action := m.Action
	if !links {
		action = withoutLink(action)
	}
	if action != "" {
		texts = append(texts, "  "+action)
	}
	if ask := askLine(m); ask != "" {
		texts = append(texts, ask)
	}
	return texts
}

// word says how urgent a message is.
func word(m notify.Message) string {
	if m.Resolved {
		return "resolved"
	}
	return string(m.Severity)
}

// approveCommand is how an action says which command line approves.
var approveCommand = regexp.MustCompile(`\bpushback approve ([a-z2-7]{26})\b`)

// askLine says which commands decide, where people are asked.
func askLine(m notify.Message) string {
	key := ""
	if named := approveCommand.FindStringSubmatch(m.Action); named != nil {
		key = named[1]
	}
	if m.Ask != nil {
		key = m.Ask.Order
	}
	if key == "" || m.Resolved {
		return ""
	}
	code := key[:min(codeLength, len(key))]
	return fmt.Sprintf("  !approve %s or !reject %s", code, code)
}

// approvalLink is the link by which whoever has it may decide, with the words before it.
var approvalLink = regexp.MustCompile(`(,? or open )?https?://\S+[?&]token=\S+`)

// withoutLink leaves the approval link out: everybody in a channel could follow it, with an account or without, and
// so could whoever reads its log.
func withoutLink(text string) string { return approvalLink.ReplaceAllString(text, "") }

// lines are texts as the lines of a message: clean, of at most limit bytes, and at most maxLines.
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
		all = append(all[:maxLines-1], "  … the rest is on the page of the change")
	}
	return all
}
