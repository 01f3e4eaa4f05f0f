package comment

import (
	"strings"
	"testing"

	"github.com/pushback/pushback/notify"
)

// rest is what of a comment stands outside of code, as both tools read it: a run of backticks begins code that
// the next run of the same length ends.
func rest(text string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "`")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		after = "`" + after
		run := after[:len(after)-len(strings.TrimLeft(after, "`"))]
		after = after[len(run):]
		for {
			at := strings.Index(after, run)
			if at < 0 {
				return b.String() + after // no code after all
			}
			end := at + len(run)
			if (at == 0 || after[at-1] != '`') && (end == len(after) || after[end] != '`') {
				text = after[end:]
				break
			}
			for end < len(after) && after[end] == '`' {
				end++
			}
			after = after[end:]
		}
	}
}

// FuzzRender has a text in every field that others decide: none of it may stand outside of code, where it could be
// a mention, a link, markup, HTML or a quick action.
func FuzzRender(f *testing.F) {
	for _, seed := range []string{
		"@acme/everyone", "#17", "<img src=x>", "`", "``", "```\n@all", "` @all `", "\n/close\n", "[x](https://evil.example)", "-->", "a | b", "![x](y)", "&lt;", "\\`@all", "````` x ``` y `",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		const word = "mAlLoRy"
		hostile := word + text + word
		r := notify.Report{
			Key: "key", Service: hostile, Environment: hostile, Version: hostile, What: hostile, Target: hostile, Action: hostile,
			Verdict: notify.Regressed, Rules: []notify.RuleReport{{Rule: hostile, Status: "regressed", Lines: []string{hostile, text, hostile}}},
			Link: "https://pushback.example/changes/key",
		}
		got := Render(r)
		if outside := rest(got); strings.Contains(outside, word) {
			t.Errorf("%q stands outside of code: %q", text, got)
		}
		if len(got) > 2*maxBytes {
			t.Errorf("%d bytes", len(got))
		}
		for line := range strings.Lines(got) {
			if strings.HasPrefix(line, "/") {
				t.Errorf("%q begins a line: %q", text, got)
			}
		}
	})
}

// A comment stays within what GitHub takes, and says that more was left out.
func TestLength(t *testing.T) {
	r := notify.Report{Key: "key", Verdict: notify.Regressed}
	for range 30 {
		rule := notify.RuleReport{Rule: strings.Repeat("r", 400), Status: "regressed"}
		for range 30 {
			rule.Lines = append(rule.Lines, strings.Repeat("`l", 300))
		}
		r.Rules = append(r.Rules, rule)
	}
	if got := Render(r); len(got) > 2*maxBytes || !strings.Contains(got, "\n…\n```") {
		t.Errorf("%d bytes, ending in %q", len(got), got[len(got)-100:])
	}
}
