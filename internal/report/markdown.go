package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pushback/pushback/sources"
)

// Summary is what Markdown writes of a change. All of it was stored.
type Summary struct {
	Change   sources.Change
	Sentence string   // what came of it
	Done     string   // what was done; "" for nothing
	Records  []Record // the newest look of each watch
	Timeline []Moment
	Links    []Link
	Picture  string // the address of the plots, for whoever reads; "" for none
}

// Moment is something that happened to the change.
type Moment struct {
	At          time.Time
	After, What string
}

// Link is an address and what is there.
type Link struct{ Word, URL string }

// Markdown writes a summary for chats, issues and postmortems. Every text that comes from outside stands in code, where no
// tool looks for mentions, references, links or markup. The error is the writer's.
func Markdown(w io.Writer, s Summary) error {
	var b strings.Builder
	c := s.Change
	b.WriteString("## " + CodeSpan(strings.TrimSpace(c.Service+" "+c.What())) + " in " + CodeSpan(c.Environment) + "\n\n" + CodeSpan(s.Sentence) + "\n")
	if s.Done != "" {
		b.WriteString("\nWhat was done: " + CodeSpan(s.Done) + "\n")
	}
	b.WriteString(factList(c))
	for _, r := range s.Records {
		b.WriteString("\nRule " + CodeSpan(r.Verdict.Rule) + measuredAfter(r) + ", " + r.Verdict.Outcome.String() + ", as of " + clock(r.Verdict.At) + ":\n")
		b.WriteString(CodeBlock(changeReasons(r.Verdict)) + markdownTable(Rows(r.Verdict, r.Watch.Plan.Length())))
	}
	if s.Picture != "" {
		b.WriteString("\n![" + PlotText + "](<" + Target(s.Picture) + ">)\n")
	}
	if lines := timelineLines(s.Timeline); len(lines) > 0 {
		b.WriteString("\nWhat happened:\n" + CodeBlock(lines))
	}
	if len(s.Links) > 0 {
		b.WriteString("\n")
	}
	for _, l := range s.Links {
		b.WriteString("- [" + l.Word + "](<" + Target(l.URL) + ">)\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// markdownTable is the rows below Columns. A pipe ends a cell even in code, and tools disagree on backslashes before it, so
// that a character stands for it which looks alike.
func markdownTable(rows [][]string) string {
	if len(rows) == 0 {
		return ""
	}
	head := Columns()
	var b strings.Builder
	b.WriteString("\n| " + strings.Join(head, " | ") + " |\n" + strings.Repeat("| --- ", len(head)) + "|\n")
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" {
				cell = CodeSpan(strings.ReplaceAll(cell, "|", "｜"))
			}
			b.WriteString("| " + cell + " ")
		}
		b.WriteString("|\n")
	}
	return b.String()
}

// factList is what is known of the change itself.
func factList(c sources.Change) string {
	var b strings.Builder
	add := func(name, value string) {
		if value != "" {
			b.WriteString("- " + name + ": " + CodeSpan(value) + "\n")
		}
	}
	b.WriteString("\n")
	add("Version", c.Version)
	add("Before", c.Previous)
	add("Kind", string(c.Kind))
	add("Region", c.Region)
	add("By", c.Actor)
	add("On board", strings.Join(c.Riders, ", "))
	add("Began", clock(c.StartedAt))
	if !c.FinishedAt.IsZero() {
		add("Finished", clock(c.FinishedAt))
	}
	return b.String()
}

func measuredAfter(r Record) string {
	if r.Watch.After.IsZero() {
		return ""
	}
	return ", after the rollback"
}

// timelineLines are the moments, a line each.
func timelineLines(all []Moment) (lines []string) {
	for _, m := range all {
		lines = append(lines, fmt.Sprintf("%s  %-14s %s", clock(m.At), m.After, printable(m.What)))
	}
	return lines
}

// PlotText is what stands for the plot where it cannot be fetched. The numbers stand beside it.
const PlotText = "Plot of what got worse, before and after the change"

// Target makes an address fit between < and > of a Markdown link.
func Target(link string) string {
	return strings.NewReplacer("<", "%3C", ">", "%3E", " ", "%20", "\\", "%5C", "\n", "%0A", "\r", "%0D").Replace(link)
}

// CodeSpan is one line as code in Markdown.
func CodeSpan(text string) string {
	text = printable(text)
	fence := strings.Repeat("`", longestRun(text)+1)
	return fence + " " + text + " " + fence
}

// CodeBlock is lines as a block of code in Markdown, nothing where there are none.
func CodeBlock(lines []string) string {
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
