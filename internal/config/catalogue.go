package config

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/sources"
)

// services reads the section and the files that it names.
func (l *loader) services(c Config) Services {
	f := l.file.Services
	s := Services{
		Discover: f.Discover,
		Name:     cmp.Or(f.Name, "job"),
		Match:    f.Match,
		List:     f.List,
		Default:  f.Default,
		Probed:   probed(c.Probes),
	}
	if s.Calls = f.Calls; s.Calls != (Calls{}) {
		s.Calls.Caller, s.Calls.Callee = cmp.Or(s.Calls.Caller, "client"), cmp.Or(s.Calls.Callee, "server")
	}
	if len(s.Match) == 0 {
		s.Match = []string{s.Name}
	}
	l.responsible("services.default", s.Default, c)
	for i, one := range s.List {
		l.service(fmt.Sprintf("services.list[%d]", i), one, c)
	}
	s.List = append(s.List, l.listFile(f.File, c)...)
	s.Aliases = l.aliases(f.Aliases, c)
	s.Patterns = l.patterns(f.Patterns, c)
	s.Paths = f.Paths
	if err := f.Paths.Check(); err != nil {
		l.wrong("services.paths", BadSettings, "", "%v", err)
	}
	return s
}

// service checks one service of a list.
func (l *loader) service(at string, s Service, c Config) {
	l.named(at+".name", s.Name)
	for i, name := range s.DependsOn {
		l.named(fmt.Sprintf("%s.depends_on[%d]", at, i), name)
	}
	l.responsible(at, s.Responsible, c)
	l.bound(at, s, c)
	l.depends(at, s)
}

// named checks a name that events and rules are compared with.
func (l *loader) named(at, name string) {
	if err := sources.CheckName(name); err != nil {
		l.wrong(at, BadName, "", "this name %v", err)
	}
}

// depends finds a service that depends on itself. It does not check that the named
// services exist, because the metric store may know services that no file lists.
func (l *loader) depends(at string, one Service) {
	if i := slices.Index(one.DependsOn, one.Name); i >= 0 {
		l.wrong(fmt.Sprintf("%s.depends_on[%d]", at, i), strictyaml.BadValue, "", "a service does not depend on itself")
	}
}

// lacks reports which of a responsible's hook and receivers c does not have.
func (c Config) lacks(r Responsible) (hook, chat, pager bool) {
	_, knownHook := c.Hooks[r.Hook]
	_, knownChat := c.Receivers[r.Chat]
	_, knownPager := c.Receivers[r.Pager]
	return r.Hook != "" && !knownHook, r.Chat != "" && !knownChat, r.Pager != "" && !knownPager
}

// responsible checks that the named hook and receivers exist.
func (l *loader) responsible(at string, r Responsible, c Config) {
	l.named(at+".owner", r.Owner)
	hook, chat, pager := c.lacks(r)
	if hook {
		l.wrong(at+".hook", UnknownName, nearest(r.Hook, "hooks", c.Hooks), "there is no hook %q under hooks", r.Hook)
	}
	if chat {
		l.wrong(at+".chat", UnknownName, nearest(r.Chat, "receivers", c.Receivers), "there is no receiver %q under receivers", r.Chat)
	}
	if pager {
		l.wrong(at+".pager", UnknownName, nearest(r.Pager, "receivers", c.Receivers), "there is no receiver %q under receivers", r.Pager)
	}
}

// bound notes a service with a hook that is bound to other services.
func (l *loader) bound(at string, one Service, c Config) {
	if why := c.boundElsewhere(one.Hook, one.Name); why != "" {
		l.wrong(at+".hook", BoundHook, boundHint, "%s", why)
	}
}

const boundHint = "add the service to services of the hook, or name another hook"

// boundElsewhere says that a hook is bound to other services than this one, "" if not.
func (c Config) boundElsewhere(hook, service string) string {
	b := c.Hooks[hook].Binding
	if b.RefusesAny(hook, service) == "" {
		return ""
	}
	return fmt.Sprintf("hook %q is bound to services %s, and this is %s", hook, strings.Join(b.Services, ", "), service)
}

// nearest is the hint for a name that a section does not have.
func nearest[T any](name, section string, known map[string]T) string {
	names := slices.Sorted(maps.Keys(known))
	if near := strictyaml.Nearest(name, names); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(names) == 0 {
		return fmt.Sprintf("there are none: add it under %s, or take this key out", section)
	}
	return "there are " + strings.Join(names, ", ")
}

// listFile reads services from a separate file, which holds what services.list would: a
// list, alone or under the key services.
func (l *loader) listFile(path string, c Config) []Service {
	path, data := l.readFile("services.file", path)
	if path == "" {
		return nil
	}
	var listed struct {
		Services []Service `yaml:"services" required:"true"`
	}
	other, into, under := loader{name: path, folder: l.folder}, any(&listed), "services"
	if isList(data) {
		into, under = &listed.Services, ""
	}
	var problems []strictyaml.Problem
	other.places, problems = strictyaml.Decode(data, into)
	for _, p := range problems {
		l.found = append(l.found, Diagnostic{File: path, Problem: p})
	}
	for i, one := range listed.Services {
		other.service(fmt.Sprintf("%s[%d]", under, i), one, c)
	}
	other.secrets()
	l.found = append(l.found, other.found...)
	return listed.Services
}

// isList reports whether the value of a document is a list.
func isList(data []byte) bool {
	var value any
	strictyaml.Decode(data, &value)
	_, is := value.([]any)
	return is
}

// readFile reads the file that a key names, and notes a mistake where it cannot be read. The
// path is "" where there is nothing to read.
func (l *loader) readFile(key, path string) (string, []byte) {
	if path = l.existing(key, path); path == "" {
		return "", nil
	}
	data, err := readBounded(path)
	if err == nil && len(data) > strictyaml.MaxSize {
		err = fmt.Errorf("it is larger than %d MiB", strictyaml.MaxSize>>20)
	}
	if err != nil {
		l.wrong(key, MissingFile, "", "the file cannot be read: %v", err)
		return "", nil
	}
	l.written.add(path, data)
	return path, data
}

// aliases reads the CSV file of aliases. Its header names the columns: alias and
// service are required; owner, chat, pager and hook are optional.
func (l *loader) aliases(path string, c Config) []Alias {
	path, data := l.readFile("services.aliases", path)
	if path == "" {
		return nil
	}
	t := aliasReader{Reader: csv.NewReader(bytes.NewReader(data)), loader: &loader{name: path}, seen: map[string]seenAlias{}}
	all := t.read(c)
	l.found = append(l.found, t.found...)
	return all
}

// aliasReader reads an aliases file.
type aliasReader struct {
	*csv.Reader
	*loader
	columns map[string]int
	seen    map[string]seenAlias
}

// seenAlias is the first line of an alias.
type seenAlias struct {
	service string
	line    int
}

func (t *aliasReader) read(c Config) (all []Alias) {
	t.TrimLeadingSpace, t.Comment = true, '#'
	if !t.header() {
		return nil
	}
	for {
		row, err := t.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.unreadable(err)
			return all
		}
		all = append(all, t.alias(row, c))
	}
}

func (t *aliasReader) header() bool {
	row, err := t.Read()
	if err != nil {
		t.unreadable(err)
		return false
	}
	t.columns = map[string]int{}
	for i, column := range row {
		if !slices.Contains([]string{"alias", "service", "owner", "chat", "pager", "hook"}, column) {
			t.cell(i, BadAliases, "the columns are alias, service, owner, chat, pager, hook", "this is not a column of an aliases file")
		}
		t.columns[column] = i
	}
	for _, column := range []string{"alias", "service"} {
		if _, ok := t.columns[column]; !ok {
			t.cell(0, BadAliases, "the first line names the columns", fmt.Sprintf("the column %q is missing", column))
		}
	}
	return len(t.found) == 0
}

// alias is one line of the file.
func (t *aliasReader) alias(row []string, c Config) Alias {
	get := func(column string) string {
		if i, ok := t.columns[column]; ok {
			return row[i]
		}
		return ""
	}
	a := Alias{Name: get("alias"), Service: get("service"), Responsible: Responsible{
		Owner: get("owner"), Chat: get("chat"), Pager: get("pager"), Hook: get("hook"),
	}}
	if a.Name == "" || a.Service == "" {
		t.cell(0, BadAliases, "", "alias and service must not be empty")
	}
	for _, column := range []string{"alias", "service", "owner"} {
		if err := sources.CheckName(get(column)); err != nil {
			t.cell(t.columns[column], BadName, "", fmt.Sprintf("this name %v", err))
		}
	}
	t.again(a)
	hook, chat, pager := c.lacks(a.Responsible)
	if hook {
		t.cell(t.columns["hook"], UnknownName, nearest(a.Hook, "hooks", c.Hooks), fmt.Sprintf("there is no hook %q under hooks", a.Hook))
	}
	if why := c.boundElsewhere(a.Hook, a.Service); why != "" {
		t.cell(t.columns["hook"], BoundHook, boundHint, why)
	}
	for _, receiver := range []struct {
		column  string
		lacking bool
	}{{"chat", chat}, {"pager", pager}} {
		if name := get(receiver.column); receiver.lacking {
			t.cell(t.columns[receiver.column], UnknownName, nearest(name, "receivers", c.Receivers), fmt.Sprintf("there is no receiver %q under receivers", name))
		}
	}
	return a
}

// again notes an alias that an earlier line gives to another service: nobody can say which of the
// two is meant.
func (t *aliasReader) again(a Alias) {
	line, _ := t.FieldPos(0)
	first, before := t.seen[a.Name]
	if before && first.service != a.Service {
		t.cell(t.columns["service"], BadAliases, "an alias is one service: take one of the two lines out",
			fmt.Sprintf("line %d gives this alias to %q", first.line, first.service))
	}
	if !before {
		t.seen[a.Name] = seenAlias{a.Service, line}
	}
}

// cell notes a mistake in a field of the line that was read last.
func (t *aliasReader) cell(i int, code, hint, message string) {
	line, column := t.FieldPos(i)
	t.at(strictyaml.Position{Line: line, Column: column}, code, message, hint)
}

func (t *aliasReader) unreadable(err error) {
	var p *csv.ParseError
	if errors.As(err, &p) {
		t.at(strictyaml.Position{Line: p.Line, Column: p.Column}, BadAliases, p.Err.Error(), "")
		return
	}
	t.at(strictyaml.Position{Line: 1, Column: 1}, BadAliases, err.Error(), "")
}
