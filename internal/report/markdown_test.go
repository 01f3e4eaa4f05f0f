package report

import (
	"strings"
	"testing"
	"time"
)

func TestMarkdown(t *testing.T) {
	r := timedRecord()
	r.Change.Riders, r.Change.Previous = []string{"amy", "bob"}, "v41"
	s := Summary{
		Change: r.Change, Sentence: "It made things worse.", Done: "Rolled back to v41.", Records: []Record{r},
		Timeline: []Moment{{At: at.Add(130 * time.Second), After: "+2 min 10 s", What: "rule red: certain"}},
		Links:    []Link{{"All about this change", "https://pushback.example.org/changes/k?a=<b>"}},
	}
	var b strings.Builder
	if err := Markdown(&b, s); err != nil {
		t.Fatal(err)
	}
	checkGolden(t, "summary.md", b.String())
	if err := Markdown(fullDisk{}, s); err == nil {
		t.Error("a failed write was not told")
	}
}

// What comes from outside stands in code, whatever it is: it begins no line, ends no code and makes no link.
func TestMarkdownKeepsTextsInCode(t *testing.T) {
	const evil = "|| ``` ` @all [x](https://evil.example) <img src=x>\n# heading\n/approve \x1b[2J"
	r := timedRecord()
	r.Change.Service, r.Change.Version, r.Change.Environment, r.Change.Actor, r.Change.Riders = evil, evil, evil, evil, []string{evil}
	r.Verdict.Rule, r.Verdict.Signals[0].Signal = evil, evil
	var b strings.Builder
	s := Summary{Change: r.Change, Sentence: evil, Done: evil, Records: []Record{r}, Timeline: []Moment{{What: evil}}, Links: []Link{{"run", "https://x.example/>\n# a"}}}
	if err := Markdown(&b, s); err != nil {
		t.Fatal(err)
	}
	fence := ""
	for _, line := range strings.Split(b.String(), "\n") {
		switch {
		case fence != "" && line == fence:
			fence = ""
		case fence != "":
			if strings.Contains(line, fence) {
				t.Errorf("a line of code ends its block: %s", line)
			}
		case strings.HasPrefix(line, "```") && strings.HasSuffix(line, "text"):
			fence = strings.TrimSuffix(line, "text")
		case strings.Contains(outsideCode(line), "@all") || strings.Contains(outsideCode(line), "<img") || strings.HasPrefix(line, "# ") || strings.HasPrefix(line, "/"):
			t.Errorf("outside of code: %s", line)
		}
	}
	if fence != "" || strings.ContainsRune(b.String(), '\x1b') {
		t.Errorf("a block does not end, or a control character is left:\n%q", b.String())
	}
}

// outsideCode is a line of Markdown without its spans of code, as CommonMark reads them: a span ends at a run of as many
// backticks as it begins with.
func outsideCode(line string) (rest string) {
	for {
		at := strings.IndexByte(line, '`')
		if at < 0 {
			return rest + line
		}
		run := len(line[at:]) - len(strings.TrimLeft(line[at:], "`"))
		rest, line = rest+line[:at], line[at+run:]
		end := endOfSpan(line, run)
		if end < 0 {
			return rest + line
		}
		line = line[end:]
	}
}

func endOfSpan(line string, run int) int {
	for at := 0; at < len(line); {
		next := strings.IndexByte(line[at:], '`')
		if next < 0 {
			return -1
		}
		at += next
		n := len(line[at:]) - len(strings.TrimLeft(line[at:], "`"))
		if at += n; n == run {
			return at
		}
	}
	return -1
}
