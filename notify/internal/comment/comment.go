// Package comment writes a report as the comment on a pull request or merge request, in the Markdown that
// GitHub and GitLab have in common.
//
// Every text that comes from outside stands in code, where neither tool looks for mentions, references,
// links, markup or GitLab's quick actions. Only words of Pushback stand outside.
package comment

import (
	"html"
	"strings"

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
	b.WriteString(Marker(r.Key) + "\n**Pushback: " + headline(r) + "**\n\n" + span(r.Title()) + "\n")
	if r.Action != "" {
		b.WriteString("\nWhat was done: " + span(r.Action) + after(r) + "\n")
	}
	b.WriteString(block(lines(r)))
	b.WriteString(plot(r))
	if r.Link != "" {
		b.WriteString("\n" + LinkText + target(r.Link) + ">)\n")
	}
	return b.String()
}

// PlotText is what stands for the plot where it cannot be fetched. The numbers stand above it.
const PlotText = "Plot of what got worse, before and after the change"

// plot is the picture of what got worse, with a link to the page: HTML where it has a dark form, which GitHub takes for
// those who read dark pages, else Markdown. The tool, or the reader's browser, fetches it without a token: its address
// is signed (adr/0129).
func plot(r notify.Report) string {
	if r.Picture == "" {
		return ""
	}
	if r.PictureDark == "" {
		return "\n![" + PlotText + "](<" + target(r.Picture) + ">)\n"
	}
	return "\n<picture><source media=\"(prefers-color-scheme: dark)\" srcset=\"" + html.EscapeString(target(r.PictureDark)) +
		"\"><img alt=\"" + PlotText + "\" src=\"" + html.EscapeString(target(r.Picture)) + "\"></picture>\n"
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
	text := "**Pushback: " + word + "**\n\n" + span(a.Why) + "\n" + block(a.Lines)
	if a.Link != "" {
		text += "\n" + LinkText + target(a.Link) + ">)\n"
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

// target makes an address fit between < and >.
func target(link string) string {
	return strings.NewReplacer("<", "%3C", ">", "%3E", " ", "%20", "\\", "%5C").Replace(link)
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

// span is one line as code.
func span(text string) string {
	fence := strings.Repeat("`", longestRun(text)+1)
	return fence + " " + text + " " + fence
}

// block is lines as a block of code, nothing where there are none.
func block(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	text := strings.Join(lines, "\n")
	fence := strings.Repeat("`", max(3, longestRun(text)+1))
	return "\n" + fence + "text\n" + text + "\n" + fence + "\n"
}

// longestRun is the length of the longest run of backticks.
func longestRun(text string) (longest int) {
	run := 0
	for _, r := range text {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}
