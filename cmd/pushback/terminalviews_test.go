package main

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/internal/server/api"
)

func watchView(style report.Style, colour bool) *watchScreen {
	page := watchedFixture()
	m := &watchScreen{out: terminal{colour: colour}, p: &poll{host: "127.0.0.1:8484", answered: noon}, f: &following{page: page}}
	m.w.Width, m.w.ASCII = style.Width, style.ASCII
	gone := calmSearch()
	gone.State, gone.Version, gone.Until = "healthy", "v6", time.Time{}
	m.f.ended = []api.WatchedChange{gone}
	return m
}

func TestWatchView(t *testing.T) {
	t.Setenv("LC_ALL", "C.UTF-8")
	checkGolden(t, "watch.txt", watchView(wide, false).View().Content+"\n")
	checkGolden(t, "watchascii.txt", watchView(report.Style{Width: 80, ASCII: true}, false).View().Content+"\n")
	checkGolden(t, "watchcolour.txt", watchView(wide, true).View().Content+"\n")
}

func TestWatchSentences(t *testing.T) {
	var b strings.Builder
	for _, c := range watchedFixture().Changes {
		b.WriteString(newPainter(terminal{}, wide, noon, c).sentence(c) + "\n")
	}
	checkGolden(t, "lines.txt", b.String())
}

func TestTopView(t *testing.T) {
	answer := asJSON(t, topAnswer{Status: statusFixture(), Watched: watchedFixture()})
	list := newTopList(terminal{}, wide, "127.0.0.1:8484", answer)
	checkGolden(t, "top.txt", strings.Join(list.all(), "\n")+"\n")
	quiet := newTopList(terminal{}, wide, "127.0.0.1:8484", topAnswer{Watched: api.Watched{Now: noon}})
	if text := strings.Join(quiet.all(), "\n"); !strings.Contains(text, "nothing is being watched, and no order is open") {
		t.Errorf("with nothing to show:\n%s", text)
	}
}

func TestDiffView(t *testing.T) {
	var b strings.Builder
	a, other := explained(calmSearch()), explained(badCart())
	other.Watches[0].Last.Verdict.Signals = append(other.Watches[0].Last.Verdict.Signals, detector.Evidence{Signal: "orders", Reason: detector.NoData})
	d := asJSON(t, compare(a, other))
	if len(d.Signals) != 3 || d.Signals[0].A.Forecast == nil || d.Signals[2].A != nil || d.Signals[2].B.Forecast != nil {
		t.Errorf("%+v", d.Signals)
	}
	if err := compare(a, other).print(terminal{Writer: &b}); err != nil {
		t.Fatal(err)
	}
	checkGolden(t, "diff.txt", b.String())
	recovery := explained(badCart())
	recovery.Watches[0].After = noon
	if d := compare(a, recovery); d.Signals[0].B != nil {
		t.Error("the watch after a rollback was compared")
	}
}

func TestPlotView(t *testing.T) {
	var b strings.Builder
	if err := printPlots(terminal{Writer: &b}, explained(badCart()), wide); err != nil {
		t.Fatal(err)
	}
	checkGolden(t, "plot.txt", b.String())
	b.Reset()
	none := explained(rollingFlag())
	none.Watches[0].Last = nil
	if err := printPlots(terminal{Writer: &b}, none, wide); err != nil || !strings.Contains(b.String(), "no watch of it has looked yet") {
		t.Errorf("before the first look: %v\n%s", err, b.String())
	}
}

func TestMineView(t *testing.T) {
	answer := mineAnswer{Authors: []string{"ada", "ada@example.org"}, Since: noon.Add(-30 * 24 * time.Hour), Counts: map[string]int{}}
	for i, c := range []api.WatchedChange{badCart(), calmSearch(), rollingFlag()} {
		c.Order = []string{"done", "", ""}[i]
		answer.add(c.ChangeSummary, 2)
	}
	var b strings.Builder
	if err := answer.print(terminal{Writer: &b}); err != nil {
		t.Fatal(err)
	}
	checkGolden(t, "mine.txt", b.String())
}

// TestViewsAreHarmless: nothing that came from outside steers the terminal or adds a line.
func TestViewsAreHarmless(t *testing.T) {
	const evil = "\x1b[2J\x07a\r\nb\u202e\x00"
	c, s := badCart(), statusFixture()
	c.Service, c.Version, c.Environment, c.RollbackOf = evil, evil, evil, "x"
	for i := range c.Signals {
		c.Signals[i].Evidence.Signal, c.Signals[i].Evidence.Unit, c.Signals[i].Evidence.Reason = evil, evil, detector.Reason(evil)
	}
	s.FrozenBy, s.Version, s.Holds[0].Why, s.Problems[0].Detail, s.Proposed[0].Change.Service, s.UnderWay[0].Why, s.UnderWay[0].Change.Service = evil, evil, evil, evil, evil, evil, evil
	p := newPainter(terminal{}, wide, noon, c)
	texts := append(p.change(c), p.sentence(c))
	texts = append(texts, newTopList(terminal{}, wide, "host", topAnswer{Status: s, Watched: api.Watched{Changes: []api.WatchedChange{c}}}).all()...)
	var b strings.Builder
	e := explained(c)
	if err := errors.Join(compare(e, e).print(terminal{Writer: &b}), mineAnswer{Authors: []string{evil}, Counts: map[string]int{}}.print(terminal{Writer: &b})); err != nil {
		t.Fatal(err)
	}
	texts = append(texts, strings.Split(b.String(), "\n")...)
	for _, text := range texts {
		if strings.ContainsAny(text, "\x1b\x07\r\n\x00\u202e") {
			t.Errorf("%q reaches the terminal", text)
		}
	}
}

// TestViewsFit: no line is wider than the screen, and no view is higher.
func TestViewsFit(t *testing.T) {
	for _, width := range []int{20, 40, 61, 80, 200} {
		for _, rows := range []int{3, 8, 24} {
			w := watchView(report.Style{}, true)
			w.width, w.rows = width, rows
			top := &topScreen{out: terminal{colour: true}, c: testClient(t), p: &poll{}, width: width, rows: rows, answer: topAnswer{Status: statusFixture(), Watched: watchedFixture()}}
			for name, content := range map[string]string{"watch": w.View().Content, "top": top.View().Content} {
				lines := strings.Split(content, "\n")
				if len(lines) > rows {
					t.Errorf("%s: %d lines on %d rows", name, len(lines), rows)
				}
				for _, line := range lines {
					if n := ansi.StringWidth(line); n > width {
						t.Errorf("%s: %d columns of %d: %q", name, n, width, line)
					}
				}
			}
		}
	}
}

func testClient(t *testing.T) *client {
	t.Helper()
	c, err := serverFlags{Server: "http://127.0.0.1:8484"}.client()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestTerminalPage: docs/terminal.md shows what the commands write.
func TestTerminalPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/terminal.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"watch", "lines", "top", "diff", "plot", "mine"} {
		text, err := os.ReadFile("testdata/terminal/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(page), "```text\n"+string(text)+"```") {
			t.Errorf("docs/terminal.md does not show %s.txt as it is", name)
		}
	}
}
