package usage

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// About is what the manual page says that is not in the model.
type About struct {
	Version  string
	Date     time.Time
	Sections []Section // after the commands
}

// Section is one further section, such as the exit codes: a heading, and paragraphs as a
// command's Help has them.
type Section struct{ Heading, Text string }

// Manual writes the manual page of a command line, in section 1: every command with its
// help, its flags and its examples.
func Manual(w io.Writer, app *kong.Application, a About) error {
	m := &manual{}
	m.line(`.TH %s 1 %s "%s %s" "User Commands"`, strings.ToUpper(app.Name), a.Date.Format(time.DateOnly), app.Name, escape(a.Version))
	m.line(".SH NAME")
	m.line(`%s \- %s`, app.Name, escape(lowerFirst(strings.TrimSuffix(app.Help, "."))))
	m.line(".SH SYNOPSIS")
	m.line(`\fB%s\fR \fIcommand\fR [\fIargument\fR ...] [\fB\-\-flag\fR ...]`, app.Name)
	m.line(".SH DESCRIPTION")
	m.prose(app.Detail)
	m.line(".SH COMMANDS")
	m.commands(app.Node)
	for _, s := range a.Sections {
		m.line(".SH %s", escape(strings.ToUpper(s.Heading)))
		m.prose(s.Text)
	}
	_, err := io.WriteString(w, m.text.String())
	return err
}

type manual struct {
	text  strings.Builder
	blank bool // a blank line, or another text, was before what is written next
}

func (m *manual) line(format string, args ...any) { fmt.Fprintf(&m.text, format+"\n", args...) }

// commands writes a part for each command without subcommands.
func (m *manual) commands(n *kong.Node) {
	for _, child := range n.Children {
		if child.Hidden {
			continue
		}
		if len(child.Children) == 0 {
			m.command(child)
			continue
		}
		m.line(".SS %s", escape(child.FullPath()))
		m.prose(child.Help)
		m.prose(child.Detail)
		m.commands(child)
	}
}

func (m *manual) command(n *kong.Node) {
	m.line(".SS %s", escape(strings.Join(append([]string{n.FullPath()}, arguments(n)...), " ")))
	m.prose(n.Help)
	m.prose(n.Detail)
	for _, v := range n.Positional {
		m.line(".TP\n\\fI%s\\fR\n%s", escape(v.Name), text(v.Help))
	}
	for _, f := range n.Flags {
		if !f.Hidden && f.Name != "help" {
			m.line(".TP\n%s\n%s", flagForm(f), wrapped(f.Help))
		}
	}
}

func arguments(n *kong.Node) (all []string) {
	for _, v := range n.Positional {
		all = append(all, v.Summary())
	}
	return all
}

// flagForm is a flag as it is typed: -c, --config=FILE.
func flagForm(f *kong.Flag) string {
	name := `\-\-` + escape(f.Name)
	if f.Tag.Negatable != "" {
		name += `\fR, \fB\-\-` + escape(negation(f))
	}
	if f.Short != 0 {
		name = `\-` + string(f.Short) + `\fR, \fB` + name
	}
	name = `\fB` + name + `\fR`
	if takesValue(f) {
		name += `=\fI` + escape(strings.Trim(f.FormatPlaceHolder(), `"`)) + `\fR`
	}
	return name
}

// prose writes paragraphs. Indented lines are examples, and stay as they are.
func (m *manual) prose(words string) {
	example := false
	for line := range strings.Lines(words) {
		line = strings.TrimRight(line, "\n \t")
		switch indented := strings.HasPrefix(line, "  "); {
		case line == "":
			m.blank = true
			continue
		case indented && !example:
			m.paragraph()
			m.line(".RS 4\n.nf")
		case !indented && example:
			m.line(".fi\n.RE")
			m.paragraph()
		case example && m.blank:
			m.line("")
		case m.blank:
			m.paragraph()
		}
		m.blank, example = false, strings.HasPrefix(line, "  ")
		if example {
			m.line("%s", text(strings.TrimPrefix(line, "  ")))
		} else {
			m.line("%s", wrapped(line))
		}
	}
	if example {
		m.line(".fi\n.RE")
	}
	m.blank = true
}

// paragraph begins a paragraph. Right after a heading there is one already.
func (m *manual) paragraph() {
	if lines := strings.TrimSpace(m.text.String()); !strings.HasPrefix(lines[strings.LastIndex(lines, "\n")+1:], ".S") {
		m.line(".PP")
	}
}

// width is how long the lines of the page's source are; how it is shown, roff decides.
const width = 72

// wrapped is text in lines of a bounded width.
func wrapped(words string) string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(words) {
		if line != "" && len(line)+len(word) >= width {
			lines, line = append(lines, text(line)), ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return strings.Join(append(lines, text(line)), "\n")
}

// text is a line of text that roff reads as no request.
func text(line string) string {
	line = escape(line)
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		return `\&` + line
	}
	return line
}

// escape makes text of what roff would read as its own, and keeps a hyphen that can be
// copied to a shell.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(s)
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
