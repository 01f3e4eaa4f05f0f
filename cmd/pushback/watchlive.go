package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/pushback/pushback/internal/server/api"
)

// runLive draws what is followed below the prompt, until the one change has ended or a
// person ends it. The last drawing stays on the screen.
func (w watchCommand) runLive(ctx context.Context, out terminal, f *following, p *poll) error {
	m := &watchScreen{w: w, ctx: ctx, out: out, f: f, p: p}
	if err := runScreen(ctx, out, m); err != nil {
		return err
	}
	return m.fatal
}

// runScreen runs a live view. The signals end ctx; the terminal is restored in any case. ctx asks
// the program to quit, because with tea.WithContext it does not wait for its reader of keys.
func runScreen(ctx context.Context, out terminal, m tea.Model) error {
	program := tea.NewProgram(m, tea.WithOutput(out.Writer), tea.WithoutSignalHandler())
	defer context.AfterFunc(ctx, program.Quit)()
	_, err := program.Run()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("drawing on the terminal: %w\n  hint: --lines needs no terminal", err)
	}
	return nil
}

// watchScreen is the live view of a watch. Only Update writes to it.
type watchScreen struct {
	w     watchCommand
	ctx   context.Context
	out   terminal
	f     *following
	p     *poll
	width int
	rows  int
	fatal error // why the view ended, if not because the change did
}

// answerMsg is an answer of the daemon.
type answerMsg struct {
	page api.Watched
	gone []api.WatchedChange
	err  error
}

// askMsg says that it is time to ask again.
type askMsg struct{}

// Init asks for the first time.
func (m *watchScreen) Init() tea.Cmd { return m.ask }

func (m *watchScreen) ask() tea.Msg {
	page, gone, err := m.f.ask(m.ctx)
	return answerMsg{page, gone, err}
}

// Update takes a key, an answer, or the turn to ask.
func (m *watchScreen) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.rows = msg.Width, msg.Height
	case tea.KeyPressMsg:
		if quits(msg) {
			m.fatal = errStopped
			return m, tea.Quit
		}
	case askMsg:
		return m, m.ask
	case answerMsg:
		return m, m.take(msg)
	}
	return m, nil
}

// quits says whether a key ends a live view.
func quits(key tea.KeyPressMsg) bool {
	switch key.String() {
	case "q", "ctrl+c", "ctrl+d":
		return true
	}
	return false
}

// take takes an answer, and returns what follows.
func (m *watchScreen) take(a answerMsg) tea.Cmd {
	if m.fatal = m.p.took(m.ctx, a.err, time.Now()); m.fatal != nil {
		return tea.Quit
	}
	if a.err == nil {
		m.f.take(a.page, a.gone)
	}
	if m.f.over() {
		return tea.Quit
	}
	return tea.Tick(m.w.Every, func(time.Time) tea.Msg { return askMsg{} })
}

// View draws what is known.
func (m *watchScreen) View() tea.View {
	style := m.w.style(m.out)
	if m.width > 0 && m.w.Width == 0 {
		style.Width = m.width
	}
	p := newPainter(m.out, style, m.f.page.Now, slices.Concat(m.f.page.Changes, m.f.ended)...)
	lines := m.lines(p, time.Now())
	if m.rows > 0 && len(lines) > m.rows-1 {
		hidden := len(lines) - (m.rows - 2)
		lines = append(lines[:max(m.rows-2, 0)], fmt.Sprintf("and %s more; pushback top scrolls", counted(hidden, "line")))
	}
	for i := range lines {
		lines[i] = ansi.Truncate(lines[i], p.style.Width, "")
	}
	return tea.NewView(strings.Join(lines, "\n"))
}

// lines are all lines of the view.
func (m *watchScreen) lines(p painter, now time.Time) []string {
	var lines []string
	switch {
	case m.f.page.Now.IsZero():
		lines = []string{"asking " + m.p.host + " ..."}
	case len(m.f.page.Changes) == 0:
		lines = []string{"nothing is being watched" + m.about()}
	default:
		lines = []string{p.heading()}
	}
	for _, c := range m.f.page.Changes {
		lines = append(lines, p.change(c)...)
	}
	if m.f.page.More {
		lines = append(lines, "and more than these; name a service")
	}
	if len(m.f.ended) > 0 {
		lines = append(lines, "", "ended meanwhile:")
	}
	for _, c := range m.f.ended {
		lines = append(lines, p.change(c)[0])
	}
	if trouble := m.p.trouble(now); trouble != "" {
		lines = append(lines, p.out.paint(styleBad, trouble))
	}
	if m.f.over() {
		return lines
	}
	return append(lines, m.p.answered.Local().Format(time.TimeOnly)+"  q quits")
}

// about says what is followed, where it is not everything.
func (m *watchScreen) about() string {
	about := ""
	if m.f.service != "" {
		about += " of " + clean(m.f.service)
	}
	if m.f.environment != "" {
		about += " in " + clean(m.f.environment)
	}
	return about
}
