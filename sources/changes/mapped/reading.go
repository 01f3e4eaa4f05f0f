package mapped

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/jq"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// elements are the changes that a body reports.
func (m *mapping) elements(whole any) ([]any, error) {
	each := m.fields["each"]
	if each == nil {
		return []any{whole}, nil
	}
	values, err := each.Run(whole, whole)
	if err != nil {
		return nil, changes.Bad("map.each: %s", err)
	}
	var elements []any
	for _, v := range values {
		if list, is := v.([]any); is {
			elements = append(elements, list...)
		} else if v != nil {
			elements = append(elements, v)
		}
	}
	if len(elements) > MaxEvents {
		return nil, changes.Bad("map.each: the body reports more than %d changes: let the tool send fewer at a time", MaxEvents)
	}
	return elements, nil
}

// reading makes the event of one element.
type reading struct {
	*mapping
	index, of int
	whole     any
	element   any
	origins   []changes.Origin
	err       error // the first
	ignored   bool
}

// event reads every field. It goes on after a mistake, so that origins has all of them.
func (r *reading) event(source string) (sources.Event, error) {
	if !r.selected() || r.err != nil {
		return sources.Event{}, r.err
	}
	e := sources.Event{
		Source: source, Service: r.required("service"), Version: r.text("version"), Environment: r.text("environment"), Region: r.text("region"),
		Kind: sources.Kind(strings.ToLower(r.text("kind"))), Group: r.text("group"), Status: r.status(), At: r.at(), ChangeID: r.text("change_id"), EventID: r.text("event_id"),
		Sequence: r.sequence(), Previous: r.text("previous"), RollbackOf: r.text("rollback_of"), Reversible: r.reversible(), Actor: r.text("actor"), URL: r.text("url"),
		Riders: r.riders(), Labels: r.labelled(),
	}
	if e.Status == sources.Started && e.ChangeID == "" && r.err == nil && !r.ignored {
		r.fail("change_id", "gives nothing, and a started change needs one, for its end to find it")
	}
	return e, r.err
}

// fail notes a mistake at a key of map.
func (r *reading) fail(key, format string, args ...any) {
	reason := fmt.Sprintf(format, args...)
	i := slices.IndexFunc(r.origins, func(o changes.Origin) bool { return o.Event == r.index && o.Field == key })
	if i < 0 {
		r.origins = append(r.origins, changes.Origin{Event: r.index, Field: key, From: "nothing in map"})
		i = len(r.origins) - 1
	}
	r.origins[i].Problem = reason
	if r.err != nil {
		return
	}
	where := "map." + key
	if r.of > 1 {
		where += fmt.Sprintf(" of change %d", r.index+1)
	}
	r.err = changes.Bad("%s %s", where, reason)
}

// value runs the expression of a key, and notes where the field comes from; nil for none.
func (r *reading) value(key string, program *jq.Program) any {
	if program == nil {
		return nil
	}
	r.origins = append(r.origins, changes.Origin{Event: r.index, Field: key, From: program.String()})
	values, err := program.Run(r.element, r.whole)
	switch {
	case err != nil:
		r.fail(key, "cannot be read: %s", err)
		return nil
	case len(values) > 1:
		r.fail(key, "gives %d values: take one, as in first(...)", len(values))
		return nil
	case len(values) == 0:
		return nil
	}
	r.last().Gave = shown(values[0])
	return values[0]
}

func (r *reading) last() *changes.Origin { return &r.origins[len(r.origins)-1] }

// shown is a value as JSON, cut when it is long.
func shown(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	const most = 200
	if len(text) > most {
		return strings.ToValidUTF8(string(text[:most]), "") + "…"
	}
	return string(text)
}

// selected runs map.when: the change is left out where it gives nothing, null or false.
func (r *reading) selected() bool {
	program := r.fields["when"]
	if program == nil {
		return true
	}
	r.origins = append(r.origins, changes.Origin{Event: r.index, Field: "when", From: program.String()})
	values, err := program.Run(r.element, r.whole)
	if err != nil {
		r.fail("when", "cannot be read: %s", err)
		return false
	}
	r.ignored = !slices.ContainsFunc(values, func(v any) bool { return v != nil && v != false })
	r.last().Value = map[bool]string{true: "left out: it selects nothing", false: "selected"}[r.ignored]
	return !r.ignored
}

// text reads a field that is a text.
func (r *reading) text(key string) string {
	return r.asText(key, r.value(key, r.fields[key]))
}

func (r *reading) asText(key string, v any) string {
	text, err := asText(v)
	if err != nil {
		r.fail(key, "%s", err)
	} else if text != "" {
		r.last().Value = text
	}
	return text
}

// required is text for what no default can give.
func (r *reading) required(key string) string {
	text := r.text(key)
	if strings.TrimSpace(text) == "" && r.err == nil {
		r.fail(key, "gives nothing: the body has no such field, or it is empty")
	}
	return text
}

func (r *reading) status() sources.Status {
	word := r.text("status")
	if r.fields["status"] == nil {
		return sources.Succeeded
	}
	status, known := r.statuses[strings.ToLower(word)]
	own := sources.Status(strings.ToLower(word))
	switch {
	case known:
	case own == sources.Started || own == sources.Succeeded || own == sources.Failed:
		status = own
	case r.others != "":
		status = r.others
	case word == "":
		r.fail("status", `gives nothing: write what that stands for under statuses, as in "*": ignore`)
		return ""
	default:
		r.fail("status", `gives a word that is none of started, succeeded and failed, and not under statuses: write it there, or "*": ignore`)
		return ""
	}
	r.last().Value = string(status)
	r.ignored = status == ignore
	return status
}

func (r *reading) at() time.Time {
	if r.clock.form == arrival {
		r.origins = append(r.origins, changes.Origin{Event: r.index, Field: "at", From: "times: arrival", Value: "when it arrives"})
		return time.Now()
	}
	v := r.value("at", r.fields["at"])
	if v == nil {
		if r.err == nil {
			r.fail("at", "gives nothing: the body has no such field")
		}
		return time.Time{}
	}
	t, err := r.clock.read(v)
	if err != nil {
		r.fail("at", "%s", err)
		return t
	}
	r.last().Value = t.UTC().Format(time.RFC3339Nano)
	return t
}

func (r *reading) sequence() int64 {
	v := r.value("sequence", r.fields["sequence"])
	if n, is := v.(int); is {
		r.last().Value = fmt.Sprint(n)
		return int64(n)
	}
	if v != nil {
		r.fail("sequence", "gives no whole number")
	}
	return 0
}

func (r *reading) reversible() *bool {
	v := r.value("reversible", r.fields["reversible"])
	if b, is := v.(bool); is {
		r.last().Value = fmt.Sprint(b)
		return &b
	}
	if v != nil {
		r.fail("reversible", "gives neither true nor false")
	}
	return nil
}

// riders takes a list of texts, or one. Each counts once.
func (r *reading) riders() (names []string) {
	v := r.value("riders", r.fields["riders"])
	list, is := v.([]any)
	if !is && v != nil {
		list = []any{v}
	}
	for _, each := range list {
		name, err := asText(each)
		if err != nil {
			r.fail("riders", "gives something else than a list of texts")
			return nil
		}
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		r.last().Value = strings.Join(names, ", ")
	}
	return names
}

// labelled reads the labels. One that gives nothing is left out.
func (r *reading) labelled() map[string]string {
	labels := map[string]string{}
	if v := r.value("labels", r.fields["labels"]); v != nil {
		object, is := v.(map[string]any)
		if !is {
			r.fail("labels", "gives no object")
		}
		for _, name := range slices.Sorted(maps.Keys(object)) {
			if text := r.asText("labels", object[name]); text != "" {
				labels[name] = text
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.labels)) {
		key := "labels." + name
		if text := r.asText(key, r.value(key, r.labels[name])); text != "" {
			labels[name] = text
		}
	}
	if len(labels) == 0 {
		return nil
	}
	return labels
}

// identified fills what is left out. Without a time of the tool's, a hash of what it sent tells
// one change from another.
func (s *Source) identified(e sources.Event, element any) sources.Event {
	if s.mapping.clock.form != arrival {
		return s.config.Identify(e)
	}
	text, _ := json.Marshal(element) // it was JSON
	sum := sha256.Sum256(text)
	return s.config.IdentifyBy(e, hex.EncodeToString(sum[:8]))
}
