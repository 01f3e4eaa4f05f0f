package comment

import (
	"strings"
	"testing"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/sendertest"
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
	for _, text := range sendertest.AwkwardTexts() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		const word = "mAlLoRy"
		hostile := word + text + word
		r := notify.Report{
			Key: "key", Service: hostile, Environment: hostile, Version: hostile, What: hostile, Target: hostile, Action: hostile,
			Verdict: notify.Regressed, Rules: []notify.RuleReport{{Rule: hostile, Status: "regressed", Lines: []string{hostile, text, hostile}}},
			Link: "https://pushback.example/changes/key", Picture: "https://pushback.example/pictures/light.png", PictureDark: "https://pushback.example/pictures/dark.png",
		}
		for _, got := range []string{Render(r), Answer(notify.Answer{Why: hostile, Lines: []string{hostile, text}, Link: r.Link})} {
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

// The plot has a dark form where the tool takes one, and text where it cannot be fetched. No address ends the element
// that it stands in.
func TestPlot(t *testing.T) {
	r := notify.Report{Key: "key", Verdict: notify.Regressed}
	if got := Render(r); strings.Contains(got, "img") || strings.Contains(got, "![") {
		t.Error(got)
	}
	r.Picture = "https://pushback.example/pictures/k/20270220/sig/light.png"
	if got, want := Render(r), "\n![Plot of what got worse, before and after the change](<"+r.Picture+">)\n"; !strings.Contains(got, want) || strings.Contains(got, "<picture") {
		t.Error(got)
	}
	r.PictureDark = "https://pushback.example/pictures/k/20270220/sig/dark.png"
	want := `<picture><source media="(prefers-color-scheme: dark)" srcset="` + r.PictureDark + `"><img alt="Plot of what got worse, before and after the change" src="` + r.Picture + `"></picture>`
	if got := Render(r); !strings.Contains(got, want) {
		t.Error(got)
	}
	r.Picture += `"><script>`
	if got := Render(r); strings.Contains(got, "<script") {
		t.Error(got)
	}
}
