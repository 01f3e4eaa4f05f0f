package usage

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Candidate is one way to go on with the word at the cursor.
type Candidate struct {
	Value string // the whole word
	Text  string // what it is, in a few words; "" for nothing
}

// Files asks the shell for the names of files: it knows them better.
const Files = ":files"

// Typed is what stands before the word at the cursor, for who asks the daemon.
type Typed struct {
	Command string            // without the program: "rules show"
	Flags   map[string]string // with their values
}

// Complete returns what may stand in place of the last of words, which are those after the
// program's name up to the cursor. values returns the values that the model does not list:
// those of a flag by its name, as in --service, and those of an argument, as in service.
func Complete(app *kong.Application, words []string, values func(name string, typed Typed) []Candidate) []Candidate {
	if len(words) == 0 {
		return nil
	}
	if words[0] == "help" && len(words) > 1 {
		words = words[1:]
	}
	p := position{node: app.Node, typed: Typed{Flags: map[string]string{}}}
	for _, w := range words[:len(words)-1] {
		p.take(w)
	}
	cursor := words[len(words)-1]
	all := p.candidates(cursor, values)
	return slices.DeleteFunc(all, func(c Candidate) bool {
		return c.Value != Files && (!strings.HasPrefix(c.Value, cursor) || !plain(c.Value))
	})
}

// plain refuses what a shell would read as two words or lines, or could not show.
func plain(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f || r >= 0x80 && r <= 0xa0 })
}

// position is how far the words have been read.
type position struct {
	node      *kong.Node
	flag      *kong.Flag // whose value comes next; nil: none
	arguments int        // positional ones that were read
	noFlags   bool       // after --
	typed     Typed
}

// take reads one word before the cursor.
func (p *position) take(word string) {
	switch {
	case p.flag != nil:
		p.typed.Flags[p.flag.Name], p.flag = word, nil
	case p.noFlags || !strings.HasPrefix(word, "-") || word == "-":
		p.takeArgument(word)
	case word == "--":
		p.noFlags = true
	default:
		p.takeFlag(word)
	}
}

func (p *position) takeArgument(word string) {
	for _, child := range p.node.Children {
		if p.arguments == 0 && (child.Name == word || slices.Contains(child.Aliases, word)) {
			p.node = child
			return
		}
	}
	p.arguments++
}

func (p *position) takeFlag(word string) {
	name, value, given := strings.Cut(word, "=")
	f := p.find(name)
	switch {
	case f == nil:
	case given:
		p.typed.Flags[f.Name] = value
	case takesValue(f):
		p.flag = f
	default:
		p.typed.Flags[f.Name] = "true"
	}
}

// find returns the flag of a name such as --service, --no-git or -c.
func (p *position) find(name string) *kong.Flag {
	for _, f := range p.flags() {
		if name == "--"+f.Name || f.Short != 0 && name == "-"+string(f.Short) || f.Tag.Negatable != "" && name == "--"+negation(f) || slices.Contains(f.Aliases, strings.TrimPrefix(name, "--")) {
			return f
		}
	}
	return nil
}

// flags are those that may stand here: of the command, of the one that it stands for, and
// of those above.
func (p *position) flags() (all []*kong.Flag) {
	for _, group := range slices.Backward(p.node.AllFlags(true)) {
		all = append(all, group...)
	}
	if p.node.DefaultCmd != nil {
		all = append(all, p.node.DefaultCmd.Flags...)
	}
	return all
}

func takesValue(f *kong.Flag) bool { return !f.IsBool() && !f.IsCounter() }

// negation is the name that turns a flag off: its own, or with no- in front.
func negation(f *kong.Flag) string {
	if name := f.Tag.Negatable; name != "" && name != "_" {
		return name
	}
	return "no-" + f.Name
}

// candidates returns what may stand at the cursor, whether or not it begins like the word.
func (p *position) candidates(cursor string, values func(string, Typed) []Candidate) []Candidate {
	name, _, given := strings.Cut(cursor, "=")
	switch f := p.find(name); {
	case p.flag != nil:
		return p.valuesOf(p.flag.Value, values)
	case !p.noFlags && given && f != nil && takesValue(f):
		return prefixed(name+"=", p.valuesOf(f.Value, values))
	case !p.noFlags && strings.HasPrefix(cursor, "-"):
		return p.flagNames()
	}
	var all []Candidate
	for _, child := range p.node.Children {
		if !child.Hidden && p.arguments == 0 {
			all = append(all, Candidate{child.Name, child.Help})
		}
	}
	if v := p.argument(); v != nil {
		all = append(all, p.valuesOf(v, values)...)
	}
	return all
}

// argument is the positional argument at the cursor; nil: none.
func (p *position) argument() *kong.Positional {
	all := p.node.Positional
	switch {
	case p.arguments < len(all):
		return all[p.arguments]
	case len(all) > 0 && all[len(all)-1].IsCumulative():
		return all[len(all)-1]
	}
	return nil
}

// flagNames are the flags that were not typed yet, or may be typed again.
func (p *position) flagNames() (all []Candidate) {
	for _, f := range p.flags() {
		if _, is := p.typed.Flags[f.Name]; is && !f.IsCumulative() {
			continue
		}
		if f.Tag.Negatable != "" {
			all = append(all, Candidate{"--" + negation(f), f.Help})
		}
		all = append(all, Candidate{"--" + f.Name, f.Help})
	}
	return all
}

// valuesOf are the values that the model lists, the shell's files, or those of the caller.
func (p *position) valuesOf(v *kong.Value, values func(string, Typed) []Candidate) (all []Candidate) {
	for _, word := range v.EnumSlice() {
		if word != "" {
			all = append(all, Candidate{Value: word})
		}
	}
	switch v.Tag.Type {
	case "path", "existingfile", "existingdir":
		return []Candidate{{Value: Files}}
	}
	if len(all) > 0 {
		return all
	}
	p.typed.Command = p.node.Path()
	if v.Flag != nil {
		return values("--"+v.Name, p.typed)
	}
	return values(v.Name, p.typed)
}

func prefixed(prefix string, all []Candidate) []Candidate {
	for i, c := range all {
		if c.Value != Files {
			all[i].Value = prefix + c.Value
		}
	}
	return all
}
