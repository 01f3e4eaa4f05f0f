package rules

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/internal/strictyaml"
)

// keysOf are the YAML keys of a struct with the index of the field of each,
// inlined structs included.
func keysOf(t reflect.Type) map[string][]int {
	keys := map[string][]int{}
	for i := range t.NumField() {
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if options != "inline" {
			keys[name] = []int{i}
			continue
		}
		for inner, index := range keysOf(t.Field(i).Type) {
			keys[inner] = append([]int{i}, index...)
		}
	}
	return keys
}

// fill gives a value that is not zero; another n gives another value.
func fill(v reflect.Value, n int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprint("value ", n))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(n))
	case reflect.Float64:
		v.SetFloat(float64(n))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), n)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, 1)
		fill(value, n)
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(v.Field(i), n)
			}
		}
	default:
		panic("fill does not know how to fill a " + v.Type().String())
	}
}

// with is a T of which only one key is set.
func with[T any](index []int, n int) T {
	var v T
	fill(reflect.ValueOf(&v).Elem().FieldByIndex(index), n)
	return v
}

func keyOf(v any, index []int) any { return reflect.ValueOf(v).FieldByIndex(index).Interface() }

// merged are the keys that may have parts of base even if own writes them, and
// extends, which is cleared.
var merged = []string{"signals", "extends"}

// checkEveryKeyInherited tries each key of T: one that own does not write comes
// from base, one that own writes stays. Keys in except are not inherited.
func checkEveryKeyInherited[T, B any](t *testing.T, join func(own T, base B) T, except ...string) {
	t.Helper()
	own := keysOf(reflect.TypeFor[T]())
	for key, inBase := range keysOf(reflect.TypeFor[B]()) {
		index, base := own[key], with[B](inBase, 1)
		if index == nil {
			t.Errorf("%v has no key %s", reflect.TypeFor[T](), key)
			continue
		}
		var zero T
		want := keyOf(base, inBase)
		if slices.Contains(except, key) {
			want = keyOf(zero, index)
		}
		if got := keyOf(join(zero, base), index); !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %s is %v, want %v", reflect.TypeFor[T](), key, got, want)
		}
		filled := with[T](index, 2)
		if got := keyOf(join(filled, base), index); !slices.Contains(merged, key) && !reflect.DeepEqual(got, keyOf(filled, index)) {
			t.Errorf("%v: %s was written, and became %v", reflect.TypeFor[T](), key, got)
		}
	}
}

func TestEveryKeyIsInherited(t *testing.T) {
	checkEveryKeyInherited(t, func(own written, base writtenDefaults) written { return base.fillInto(own) })
	checkEveryKeyInherited(t, written.extending, "name", "use", "extends", "watch")
	checkEveryKeyInherited(t, func(own, base writtenSignal) writtenSignal {
		base.Name = own.Name
		return mergeSignals([]writtenSignal{own}, []writtenSignal{base})[0]
	}, "name")
}

// TestARuleThatExtendsJudgesTheSame loads two rules, and checks that heir is base but
// for its name and watch.
func TestARuleThatExtendsJudgesTheSame(t *testing.T) {
	base, heir := everyKey(t)
	heir.Name, heir.Watch, heir.Line, heir.Text, heir.Hash = base.Name, base.Watch, base.Line, base.Text, base.Hash
	for i := range heir.Signals {
		heir.Signals[i].Line = base.Signals[i].Line // inherited ones have their place in the other rule
	}
	if !reflect.DeepEqual(base, heir) {
		t.Error(cmp.Diff(base, heir))
	}
}

// TestTheExampleHasEveryKey checks that testdata/every_key.yml writes every key, so
// that the tests with it cover all of them.
func TestTheExampleHasEveryKey(t *testing.T) {
	_, heir := everyKey(t)
	var doc document
	if _, problems := strictyaml.Decode([]byte(heir.Text), &doc); len(problems) > 0 {
		t.Fatal(problems)
	}
	rule := doc.Rules[0]
	for key, index := range keysOf(reflect.TypeFor[written]()) {
		if written := !reflect.ValueOf(rule).FieldByIndex(index).IsZero(); written == (key == "use" || key == "extends") {
			t.Errorf("the key %s: written %v", key, written)
		}
	}
	for key, index := range keysOf(reflect.TypeFor[writtenSignal]()) {
		written := slices.ContainsFunc(rule.Signals, func(s writtenSignal) bool { return !reflect.ValueOf(s).FieldByIndex(index).IsZero() })
		if expanded := key == "conventions"; written == expanded {
			t.Errorf("a signal writes the key %s: %v", key, written)
		}
	}
}
