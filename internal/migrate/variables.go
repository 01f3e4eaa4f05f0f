package migrate

import (
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
)

var promParser = parser.NewParser(parser.Options{})

// The tools' variables: {{args.name}} and {{ target }}, ${scope}.
var (
	braces  = regexp.MustCompile(`\{\{\s*([A-Za-z0-9_.](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?)\s*\}\}`) // not {{-, which removes blanks before it
	dollars = regexp.MustCompile(`\$\{\s*([A-Za-z0-9_.-]+)\s*\}`)
)

// variables is what a tool's variables stand for. Of some it is known why nothing stands for
// them.
type variables struct {
	form   *regexp.Regexp
	values map[string]string
	why    map[string]string
	meant  map[string]bool // values that may be a rule's variables: the files do not say them
	used   map[string]bool // variables of the texts that were substituted
}

func newVariables(form *regexp.Regexp) variables {
	return variables{form: form, values: map[string]string{}, why: map[string]string{}, meant: map[string]bool{}, used: map[string]bool{}}
}

// unknown is why a text cannot be used: a variable stands for nothing that is known here.
type unknown struct{ reason, instead string }

// substitute replaces a tool's variables by what they stand for. It never guesses: if one is not
// known, what uses it cannot be converted.
func (v variables) substitute(text string) (string, *unknown) {
	var missing, pieces []string
	end := 0
	for _, at := range v.form.FindAllStringSubmatchIndex(text, -1) {
		name := text[at[2]:at[3]]
		v.used[name] = true
		value, ok := v.values[name]
		if !ok && !slices.Contains(missing, name) {
			missing = append(missing, name)
		}
		pieces = append(pieces, text[end:at[0]], value)
		end = at[1]
	}
	if len(missing) > 0 {
		return "", v.missing(missing)
	}
	if v.hasRuleVariable(text) {
		return "", &unknown{"it has a text such as $service, which is a variable in rules", "write the query out"}
	}
	if strings.Contains(v.form.ReplaceAllString(text, ""), v.opening()) {
		return "", &unknown{"it has a template that is more than a variable", "write the query out"}
	}
	return concat(append(pieces, text[end:])), nil
}

// ruleVariable is what rules replace. The tools do not, so that it must not come from the files.
var ruleVariable = regexp.MustCompile(`\$\{?(match|service|environment|version|step|__interval|__rate_interval)\b`)

// hasRuleVariable reports whether a text, or a value in it that the files say, has a variable of
// rules.
func (v variables) hasRuleVariable(text string) bool {
	for _, m := range v.form.FindAllStringSubmatch(text, -1) {
		if !v.meant[m[1]] && ruleVariable.MatchString(v.values[m[1]]) {
			return true
		}
	}
	return ruleVariable.MatchString(v.form.ReplaceAllString(text, ""))
}

// say sets a value that is meant for a rule.
func (v variables) say(name, value string) {
	v.values[name], v.meant[name] = value, true
}

// concat joins literal pieces and values in turn. A rule's variable at the end of a value gets
// braces where it would run into what follows.
func concat(pieces []string) (text string) {
	for i, p := range slices.Backward(pieces) {
		if i%2 == 1 && beginsAsWord.MatchString(text) {
			p = endsInVariable.ReplaceAllString(p, "$${$1}")
		}
		text = p + text
	}
	return text
}

// uses reports whether a text has a variable.
func (v variables) uses(text, name string) bool {
	return slices.ContainsFunc(v.form.FindAllStringSubmatch(text, -1), func(m []string) bool { return m[1] == name })
}

var (
	endsInVariable = regexp.MustCompile(`\$([a-z_]+)$`)
	beginsAsWord   = regexp.MustCompile(`^[A-Za-z0-9_]`)
)

func (v variables) opening() string {
	if v.form == dollars {
		return "${"
	}
	return "{{"
}

func (v variables) missing(names []string) *unknown {
	var why, unsaid, instead []string
	for _, n := range names {
		if reason, ok := v.why[n]; ok {
			why = append(why, reason)
		} else {
			unsaid = append(unsaid, shortened(n))
		}
		instead = append(instead, suggestion(shortened(n)))
	}
	if len(unsaid) > 0 {
		why = append(why, "the files do not say what "+strings.Join(unsaid, ", ")+" "+standFor(len(unsaid)))
	}
	text := strings.Join(instead, " ")
	if strings.Contains(text, "-hash=") {
		text += "; a hash of pods is not the version of a change: compare version=\"$version\" with a control of version!=\"$version\""
	}
	return &unknown{strings.Join(why, "; "), text}
}

func standFor(n int) string {
	if n == 1 {
		return "stands for"
	}
	return "stand for"
}

// suggestion is the option that gives a variable its value. A name of a service is likely to be
// that of the change, which its author has to say.
func suggestion(variable string) string {
	name, argument := strings.CutPrefix(variable, "args.")
	switch strings.ToLower(name) {
	case "namespace":
		if !argument { // Flagger's is that of the object
			return "--namespace NAME"
		}
	case "service", "service-name", "servicename", "service_name", "app", "app-name", "application", "scope":
		return "--arg '" + name + "=$service'"
	}
	return "--arg " + name + "=VALUE"
}

// placeholders have the length of the variable they stand for, so that places in the parsed query
// are places in its text.
var placeholders = strings.NewReplacer("$__rate_interval", "000000000000005m", "$__interval", "0000000005m", "$match", `x="yz"`, "$step", "0005m")

// parse reads a query that still has variables of a rule, which are not PromQL.
func parse(query string) (parser.Expr, error) {
	return promParser.ParseExpr(placeholders.Replace(query))
}

// oneLine writes a query on one line, unless that would change it, as it would one with comments.
func oneLine(query string) string {
	query = strings.TrimSpace(query)
	line := strings.Join(strings.Fields(query), " ")
	before, err := parse(query)
	if err != nil {
		return line
	}
	if after, err := parse(line); err != nil || after.String() != before.String() {
		return query
	}
	return line
}

// textOf is the part of a query that an expression was read from.
func textOf(query string, e parser.Expr) string {
	at := e.PositionRange()
	if at.Start < 0 || int(at.End) > len(query) || at.Start > at.End {
		return e.String()
	}
	text := strings.TrimSpace(query[at.Start:at.End])
	if _, several := e.(*parser.BinaryExpr); several {
		return "(" + text + ")"
	}
	return text
}
