package main

import (
	"cmp"
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
)

// runLive shows the list on the whole screen.
func (t topCommand) runLive(ctx context.Context, out terminal, c *client) error {
	m := &topScreen{t: t, ctx: ctx, out: out, c: c, p: &poll{host: c.base.Host}, rows: 24}
	err := cmp.Or(runScreen(ctx, out, m), m.fatal)
	if ctx.Err() != nil { // a person or the system has ended what has no end
		err = nil
	}
	return err
}

// topScreen is the live list. Update and View are called in turn.
type topScreen struct {
	t      topCommand
	ctx    context.Context
	out    terminal
	c      *client
	p      *poll
	width  int
	rows   int
	fatal  error // why the view ended, if no person ended it
	answer topAnswer
	chosen string // key of the chosen item, so that the cursor stays on it while the list moves
	top    int    // the first line that is shown
	detail *detail
}

// detail is a change that is explained.
type detail struct {
	key   string
	plot  bool
	lines []string
	top   int
}

// topMsg is an answer of the daemon.
type topMsg struct {
	answer topAnswer
	err    error
}

// detailMsg is a change that was explained.
type detailMsg struct {
	detail detail
	err    error
}

// Init asks for the first time.
func (m *topScreen) Init() tea.Cmd { return m.ask }

func (m *topScreen) ask() tea.Msg {
	answer, err := m.t.ask(m.ctx, m.c)
	return topMsg{answer, err}
}

// Update takes a key, an answer, or the turn to ask.
func (m *topScreen) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.rows = msg.Width, msg.Height
	case tea.KeyPressMsg:
		return m, m.press(msg.String())
	case askMsg:
		return m, m.ask
	case detailMsg:
		if msg.err != nil {
			msg.detail.lines = strings.Split(msg.err.Error(), "\n")
		}
		m.detail = &msg.detail
	case topMsg:
		if m.fatal = m.p.took(m.ctx, msg.err, time.Now()); m.fatal != nil {
			return m, tea.Quit
		}
		if msg.err == nil {
			m.answer = msg.answer
		}
		return m, tea.Tick(m.t.Every, func(time.Time) tea.Msg { return askMsg{} })
	}
	return m, nil
}

// press does what a key stands for.
func (m *topScreen) press(key string) tea.Cmd {
	switch key {
	case "ctrl+c", "ctrl+d":
		return tea.Quit
	case "q", "esc", "left", "backspace", "h":
		if m.detail != nil {
			m.detail = nil
			return nil
		}
		if key == "q" {
			return tea.Quit
		}
		return nil
	case "enter", "right", "l", "p":
		return m.explain(key == "p")
	}
	if step := m.step(key); m.detail != nil {
		m.detail.top = max(min(m.detail.top+step, len(m.detail.lines)-m.page()), 0)
	} else {
		m.move(step)
	}
	return nil
}

// everything is more lines than there are.
const everything = 1 << 20

// step is how many lines or items a key moves.
func (m *topScreen) step(key string) int {
	switch key {
	case "up", "k":
		return -1
	case "down", "j":
		return +1
	case "pgup":
		return -m.page()
	case "pgdown", "space":
		return m.page()
	case "home", "g":
		return -everything
	case "end", "G":
		return everything
	}
	return 0
}

// page is how many lines the screen has for the text of a detail.
func (m *topScreen) page() int { return max(m.rows-1, 1) }

// move moves the cursor.
func (m *topScreen) move(step int) {
	items := m.list().items
	if len(items) == 0 {
		return
	}
	m.chosen = items[max(min(m.cursor(items)+step, len(items)-1), 0)].id()
}

// id distinguishes an item from the others: an order has the key of its change.
func (i topItem) id() string { return i.key + i.under[:1] }

// cursor is the index of the chosen item, or of the first.
func (m *topScreen) cursor(items []topItem) int {
	for i, item := range items {
		if item.id() == m.chosen {
			return i
		}
	}
	return 0
}

// explain reads the chosen change.
func (m *topScreen) explain(plot bool) tea.Cmd {
	d := detail{plot: plot}
	if items := m.list().items; m.detail != nil {
		d.key = m.detail.key
	} else if len(items) > 0 {
		d.key = items[m.cursor(items)].key
	} else {
		return nil
	}
	t := m.t
	if t.Width == 0 {
		t.Width = m.width
	}
	return func() tea.Msg {
		var err error
		d.lines, err = t.explain(m.ctx, m.out, m.c, d.key, plot)
		return detailMsg{d, err}
	}
}

func (m *topScreen) list() topList {
	style := m.t.style(m.out)
	if m.width > 0 && m.t.Width == 0 {
		style.Width = m.width
	}
	return newTopList(m.out, style, m.c.base.Host, m.answer)
}

// View draws the list or the detail, with the keys in the last line.
func (m *topScreen) View() tea.View {
	var lines []string
	keys := "q quit  up/down move  enter explain  p plots"
	switch {
	case m.detail != nil:
		lines, m.detail.top = window(m.detail.lines, m.detail.top, m.page(), m.detail.top, m.detail.top)
		keys = "esc back  up/down scroll  enter text  p plots"
	case m.answer.Watched.Now.IsZero():
		lines = []string{"asking " + m.c.base.Host + " ..."}
	default:
		lines = m.listLines()
	}
	if trouble := m.p.trouble(time.Now()); trouble != "" {
		keys = m.out.paint(styleBad, trouble)
	}
	lines = append(lines[:len(lines):len(lines)], make([]string, max(m.rows-1-len(lines), 0))...)
	v := tea.NewView(fitted(append(lines, keys), m.width))
	v.AltScreen = true
	return v
}

// listLines are the lines of the list that fit on the screen.
func (m *topScreen) listLines() []string {
	list := m.list()
	above := list.above
	if len(above) > m.rows/2 { // leave room for the list where there is much trouble
		above = append(above[:max(m.rows/2-1, 0):max(m.rows/2-1, 0)], "and "+counted(len(above)-m.rows/2, "further line"))
	}
	body, from, to := list.body(m.cursor(list.items))
	shown, top := window(body, m.top, m.rows-1-len(above), from, to)
	m.top = top
	return append(above[:len(above):len(above)], shown...)
}
