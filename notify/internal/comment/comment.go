// Package comment writes a report as the comment on a pull request or merge request, in the Markdown that
// GitHub and GitLab have in common.
//
// Every text that comes from outside stands in code, where neither tool looks for mentions, references,
// links, markup or GitLab's quick actions. Only words of Pushback stand outside.
package comment

import (
	"html"
	"strings"

	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/notify"
)

// Marker begins the comment of a change, by which it is found again. It is an HTML comment, which neither tool
// shows.
func Marker(key string) string { return "<!-- pushback:" + key + " -->" }

// LinkText begins the link to the page of the change.
const LinkText = "[All about this change](<"

// maxBytes is less than GitHub takes, 65536 characters; the page of the change shows the rest.
const maxBytes = 30 << 10

// Render returns the comment.
func Render(r notify.Report) string {
	r = r.Truncated().Plain()
	var b strings.Builder
	b.WriteString(Marker(r.Key) + "\n**Pushback: " + headline(r) + "**\n\n" + report.CodeSpan(r.Title()) + "\n")
	if r.Action != "" {
		b.WriteString("\nWhat was done: " + report.CodeSpan(r.Action) + after(r) + "\n")
	}
	b.WriteString(report.CodeBlock(lines(r)))
	b.WriteString(plot(r))
	if r.Link != "" {
		b.WriteString("\n" + LinkText + report.Target(r.Link) + ">)\n")
	}
	return b.String()
}

// plot is the picture of what got worse, with a link to the page: HTML where it has a dark form, which GitHub takes for
// those who read dark pages, else Markdown. The tool, or the reader's browser, fetches it without a token: its address
// is signed (adr/0129).
func plot(r notify.Report) string {
	if r.Picture == "" {
		return ""
	}
	if r.PictureDark == "" {
		return "\n![" + report.PlotText + "](<" + report.Target(r.Picture) + ">)\n"
	}
	return "\n<picture><source media=\"(prefers-color-scheme: dark)\" srcset=\"" + html.EscapeString(report.Target(r.PictureDark)) +
		"\"><img alt=\"" + report.PlotText + "\" src=\"" + html.EscapeString(report.Target(r.Picture)) + "\"></picture>\n"
}

// Answer returns the comment beside an answer to a deployment or merge request that is held back.
func Answer(a notify.Answer) string {
	a = a.Truncated()
	word := "rejected"
	switch {
	case a.Pending:
		word = "not decided yet"
	case a.Approved:
		word = "approved"
	}
	lines := make([]string, len(a.Lines))
	for i, line := range a.Lines {
		lines[i] = "  " + line // as in a report: no line begins with what could be a quick action
	}
	text := "**Pushback: " + word + "**\n\n" + report.CodeSpan(a.Why) + "\n" + report.CodeBlock(lines)
	if a.Link != "" {
		text += "\n" + LinkText + report.Target(a.Link) + ">)\n"
	}
	return text
}

func headline(r notify.Report) string {
	if r.Verdict == notify.Watching && r.Grade != "" {
		return r.Verdict.Sentence() + ", and it looks worse than before (" + r.Grade + ")"
	}
	return r.Verdict.Sentence()
}

func after(r notify.Report) string {
	if r.Recovered {
		return ", and it is well again"
	}
	return ""
}

// lines are the rules with their numbers, in at most maxBytes.
func lines(r notify.Report) (shown []string) {
	size := 0
	for _, one := range r.Rules {
		text := []string{one.Rule + ": " + one.Status}
		for _, line := range one.Lines {
			text = append(text, "  "+line)
		}
		for _, line := range text {
			if size += len(line) + 1; size > maxBytes {
				return append(shown, "…")
			}
			shown = append(shown, line)
		}
	}
	return shown
}
