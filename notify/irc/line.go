package irc

import (
	"errors"
	"strings"
)

// The limits of what is read and written. Tags of an incoming line have a limit of their own.
const (
	maxLine     = 512        // bytes of a line with its end, without tags
	maxIncoming = 8191 + 512 // bytes of a line with tags
	maxParams   = 15
)

// line is one message of the protocol.
type line struct {
	tags    map[string]string
	source  string // nick!user@host, or a server; "" where the line names none
	command string // in capitals, or three digits
	params  []string
}

var errLine = errors.New("this is no line of the protocol")

// parse reads a line without its end.
func parse(text string) (l line, err error) {
	if len(text) > maxIncoming || strings.ContainsAny(text, "\r\n\x00") {
		return line{}, errLine
	}
	if rest, tagged := strings.CutPrefix(text, "@"); tagged {
		tags, after, _ := strings.Cut(rest, " ")
		l.tags, text = parseTags(tags), strings.TrimLeft(after, " ")
	}
	if rest, sourced := strings.CutPrefix(text, ":"); sourced {
		source, after, _ := strings.Cut(rest, " ")
		l.source, text = source, strings.TrimLeft(after, " ")
	}
	l.command, text, _ = strings.Cut(text, " ")
	if !isCommand(l.command) {
		return line{}, errLine
	}
	l.command = strings.ToUpper(l.command)
	l.params = parseParams(text)
	return l, nil
}

func isCommand(word string) bool {
	for _, r := range word {
		switch {
		case 'A' <= r && r <= 'Z', 'a' <= r && r <= 'z', '0' <= r && r <= '9':
		default:
			return false
		}
	}
	return word != ""
}

// parseParams splits the parameters. The last one may hold spaces: after a colon, or as the fifteenth.
func parseParams(text string) (params []string) {
	for text = strings.TrimLeft(text, " "); text != ""; text = strings.TrimLeft(text, " ") {
		if rest, last := strings.CutPrefix(text, ":"); last {
			return append(params, rest)
		}
		if len(params) == maxParams-1 {
			return append(params, text)
		}
		var one string
		one, text, _ = strings.Cut(text, " ")
		params = append(params, one)
	}
	return params
}

var tagEscapes = strings.NewReplacer(`\:`, ";", `\s`, " ", `\\`, `\`, `\r`, "\r", `\n`, "\n", `\`, "")

// parseTags reads the tags of a line. Those that clients set, which begin with +, prove nothing and are left out.
func parseTags(text string) map[string]string {
	tags := map[string]string{}
	for one := range strings.SplitSeq(text, ";") {
		key, value, _ := strings.Cut(one, "=")
		if key != "" && key[0] != '+' {
			tags[key] = tagEscapes.Replace(value)
		}
	}
	return tags
}

// param is a parameter by its number, "" where the line has fewer.
func (l line) param(i int) string {
	if i >= len(l.params) {
		return ""
	}
	return l.params[i]
}

// nick is the nick of the line's source.
func (l line) nick() string {
	nick, _, _ := strings.Cut(l.source, "!")
	return nick
}

// mask is the user and host of the line's source, user@host.
func (l line) mask() string {
	_, mask, _ := strings.Cut(l.source, "!")
	return mask
}

// format writes a line with its end. It refuses what would begin another line or shift the parameters, and cuts
// nothing: texts are cut where they are made.
func format(command string, params ...string) (string, error) {
	var b strings.Builder
	b.WriteString(command)
	for i, p := range params {
		last := i == len(params)-1
		free := strings.Contains(p, " ") || p == "" || p[0] == ':'
		if strings.ContainsAny(p, "\r\n\x00") || free && !last {
			return "", errLine
		}
		b.WriteByte(' ')
		if free {
			b.WriteByte(':')
		}
		b.WriteString(p)
	}
	b.WriteString("\r\n")
	if b.Len() > maxLine {
		return "", errLine
	}
	return b.String(), nil
}

// fold is a nick or channel as servers compare it (rfc1459).
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		case r == '[':
			return '{'
		case r == ']':
			return '}'
		case r == '\\':
			return '|'
		case r == '~':
			return '^'
		}
		return r
	}, name)
}
