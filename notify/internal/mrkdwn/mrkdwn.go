// Package mrkdwn makes texts fit for Slack's markup, in which the characters & < > begin mentions, links and escapes.
//
// See https://docs.slack.dev/messaging/formatting-message-text.
package mrkdwn

import (
	"regexp"
	"strings"

	"github.com/pushback/pushback/notify"
)

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// Slack has no escape for the marks of bold, italic, struck and code, for quotes and for emoji. They are replaced by
// characters that look alike.
var (
	marks = strings.NewReplacer("*", "∗", "`", "ˋ", "~", "∼")
	edge  = regexp.MustCompile(`(^|[^\pL\pN_])_+|_+($|[^\pL\pN_])`)
	quote = regexp.MustCompile(`(?m)^(\s*)&gt;`)
	emoji = regexp.MustCompile(`:([a-z][a-z0-9_+-]*|[+-]1):`) // those of digits alone look like a time
)

// Escape makes a text fit, in which nothing is then markup. It also breaks what other chats that read Slack's format
// take for a mention or a link.
func Escape(s string) string {
	s = marks.Replace(escaper.Replace(s))
	s = edge.ReplaceAllStringFunc(s, func(m string) string { return strings.ReplaceAll(m, "_", "＿") })
	return notify.Plain(emoji.ReplaceAllString(quote.ReplaceAllString(s, "$1›"), "：$1："))
}

// address is a link as it stands between < and >.
func address(link string) string {
	return strings.ReplaceAll(notify.Plain(escaper.Replace(link)), "|", "%7C")
}

// Anchor is a link with the words that are shown, which are escaped.
func Anchor(link, words string) string {
	return "<" + address(link) + "|" + words + ">"
}

// Linked escapes a text, and makes the links below the page of the change clickable: the one that approves.
func Linked(text, page string) string {
	if page == "" {
		return Escape(text)
	}
	below := regexp.MustCompile(regexp.QuoteMeta(page) + `[A-Za-z0-9/?=&;._~%-]*`)
	var b strings.Builder
	for {
		at := below.FindStringIndex(text)
		if at == nil {
			return b.String() + Escape(text)
		}
		b.WriteString(Escape(text[:at[0]]) + "<" + address(text[at[0]:at[1]]) + ">")
		text = text[at[1]:]
	}
}

// Member matches the ID of a person.
var Member = regexp.MustCompile(`^[UW][A-Z0-9]{2,30}$`)

const maxMembers = 10

// Members are the IDs of the people whom Slack can mention, at most ten. What is no ID is left out: it could be
// the name of a group or of everybody.
func Members(people []notify.Person) (ids []string) {
	for _, p := range people {
		if id := p.Handles["slack"]; Member.MatchString(id) && len(ids) < maxMembers {
			ids = append(ids, id)
		}
	}
	return ids
}
