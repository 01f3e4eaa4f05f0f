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

// Escape also breaks what other chats that read Slack's format take for a mention or a link.
func Escape(s string) string { return notify.Plain(escaper.Replace(s)) }

// Anchor is a link with the words that are shown, which are escaped.
func Anchor(link, words string) string {
	return "<" + strings.ReplaceAll(Escape(link), "|", "%7C") + "|" + words + ">"
}

// Linked makes the links below the page of the change clickable: the one that approves. The text is escaped.
func Linked(escaped, page string) string {
	if page = Escape(page); page == "" {
		return escaped
	}
	below := regexp.MustCompile(regexp.QuoteMeta(page) + `[A-Za-z0-9/?=&;._~%-]*`)
	return below.ReplaceAllString(escaped, "<$0>")
}
