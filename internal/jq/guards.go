package jq

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/itchyny/gojq"
)

// workVariable holds the *steps of a run. No expression can name it.
const workVariable = "$__work"

// bytesPerStep is how many bytes a function in Go may look at for the price of a step.
const bytesPerStep = 64

// guards are the functions that a rewritten expression calls.
func guards() []gojq.CompilerOption {
	guard := func(name string, limit func(any) int, or *RunError) gojq.CompilerOption {
		return gojq.WithFunction(name, 1, 1, func(v any, args []any) any {
			if !args[0].(*steps).measure(v, limit(v)) {
				return or
			}
			return v
		})
	}
	own := func(name string, arguments int, do func(w *steps, v any, args []any) any) gojq.CompilerOption {
		return gojq.WithFunction(name, 1+arguments, 1+arguments, func(v any, args []any) any { return do(args[0].(*steps), v, args[1:]) })
	}
	return []gojq.CompilerOption{
		guard("_fits", func(any) int { return MaxValue }, tooLarge),
		guard("_few", func(v any) int { return textOr(v, MaxValue, MaxFew) }, tooMany),
		guard("_text", func(v any) int { return textOr(v, MaxText+partCost, MaxFew) }, longText),
		own("_bounded_add", 2, func(w *steps, _ any, args []any) any { return w.add(args[0], args[1]) }),
		own("_bounded_mul", 2, func(w *steps, _ any, args []any) any { return w.multiply(args[0], args[1]) }),
		own("_bounded_join", 1, func(w *steps, v any, args []any) any { return w.join(v, args[0]) }),
		own("_bounded_fromjson", 0, func(w *steps, v any, _ []any) any { return w.fromJSON(v) }),
	}
}

func textOr(v any, text, other int) int {
	if _, is := v.(string); is {
		return text
	}
	return other
}

// partCost is what each part of a value counts beside its bytes.
const partCost = 8

// measure reports whether a value, written out, takes at most a number of bytes, and counts the
// work of looking. A part that occurs several times counts each time.
func (s *steps) measure(v any, limit int) bool {
	left := spend(v, limit)
	if _, is := v.(string); !is { // the length of a text is known
		s.charge(limit - max(left, 0))
	}
	return left >= 0
}

// charge counts work over a number of bytes as steps.
func (s *steps) charge(bytes int) { s.left -= bytes / bytesPerStep }

// spend is what is left of a number of bytes after a value; negative when it is more than that.
func spend(v any, left int) int {
	left -= partCost
	switch v := v.(type) {
	case string:
		left -= len(v)
	case *big.Int:
		left -= v.BitLen() / 3
	case []any:
		for i := 0; i < len(v) && left >= 0; i++ {
			left = spend(v[i], left)
		}
	case map[string]any:
		for k, e := range v {
			if left = spend(e, left-len(k)); left < 0 {
				return left
			}
		}
	}
	return left
}

// add is a + b.
func (s *steps) add(a, b any) any {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	switch a := a.(type) {
	case string:
		if b, ok := b.(string); ok {
			if len(a)+len(b) > MaxValue {
				return tooLarge
			}
			s.charge(len(a) + len(b))
			return a + b
		}
	case []any:
		if b, ok := b.([]any); ok && s.both(a, b) {
			return append(a[:len(a):len(a)], b...)
		} else if ok {
			return tooLarge
		}
	case map[string]any:
		if b, ok := b.(map[string]any); ok && s.both(a, b) {
			sum := maps.Clone(a)
			maps.Copy(sum, b)
			return sum
		} else if ok {
			return tooLarge
		}
	}
	return arithmetic(a, b, "added", func(x, y float64) float64 { return x + y }, func(z, x, y *big.Int) *big.Int { return z.Add(x, y) })
}

// both measures two values.
func (s *steps) both(a, b any) bool { return s.measure(a, MaxValue) && s.measure(b, MaxValue) }

// multiply is a * b for numbers, and a text several times. Objects are not merged.
func (s *steps) multiply(a, b any) any {
	text, isText := a.(string)
	times, isNumber := float(b)
	if !isText {
		text, isText = b.(string)
		times, isNumber = float(a)
	}
	if !isText {
		return arithmetic(a, b, "multiplied", func(x, y float64) float64 { return x * y }, func(z, x, y *big.Int) *big.Int { return z.Mul(x, y) })
	}
	switch {
	case !isNumber:
		return &RunError{"these kinds of values cannot be multiplied"}
	case !(times > 0):
		return nil
	case times*float64(len(text)) > MaxValue:
		return tooLarge
	}
	s.charge(len(text) * int(times))
	return strings.Repeat(text, max(1, int(times)))
}

// arithmetic keeps whole numbers whole while they fit into 64 bits.
func arithmetic(a, b any, verb string, approximate func(x, y float64) float64, exact func(z, x, y *big.Int) *big.Int) any {
	if x, ok := a.(int); ok {
		if y, ok := b.(int); ok {
			if z := exact(new(big.Int), big.NewInt(int64(x)), big.NewInt(int64(y))); z.IsInt64() {
				return int(z.Int64())
			}
		}
	}
	x, ok1 := float(a)
	y, ok2 := float(b)
	if !ok1 || !ok2 {
		return &RunError{"these kinds of values cannot be " + verb}
	}
	return approximate(x, y)
}

func float(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case float64:
		return v, true
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		return f, true
	}
	return 0, false
}

// join is the texts of a list with another one between them.
func (s *steps) join(v, between any) any {
	parts, is := v.([]any)
	separator, isText := between.(string)
	if !is || !isText {
		return &RunError{"join takes a list, and a text to put between"}
	}
	var b strings.Builder
	for i, part := range parts {
		if i > 0 {
			b.WriteString(separator)
		}
		switch part := part.(type) {
		case nil:
		case string:
			b.WriteString(part)
		case bool:
			b.WriteString(strconv.FormatBool(part))
		case int, float64:
			text, _ := json.Marshal(part)
			b.Write(text)
		default:
			return &RunError{"join takes texts and numbers"}
		}
		if b.Len() > MaxValue {
			return tooLarge
		}
	}
	s.charge(b.Len() + len(parts)*partCost)
	return b.String()
}

func (s *steps) fromJSON(v any) any {
	text, is := v.(string)
	if !is {
		return &RunError{"fromjson takes a text"}
	}
	if len(text) > MaxValue/4 {
		return tooLarge
	}
	s.charge(4 * len(text))
	value, err := Decode([]byte(text))
	if err != nil {
		return &RunError{"fromjson: the text is not JSON"}
	}
	return value
}

// maxDigits is how long a number may be that is kept exactly. A longer one loses digits.
const maxDigits = 40

// Decode reads one JSON value as Run takes it. Whole numbers stay whole.
func Decode(body []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return numbers(v), nil
}

// numbers puts numbers of Go in the place of their texts.
func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		return number(string(v))
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	}
	return v
}

func number(text string) any {
	if i, err := strconv.Atoi(text); err == nil {
		return i
	}
	if n, ok := new(big.Int).SetString(text, 10); ok && len(text) <= maxDigits {
		return n
	}
	f, _ := strconv.ParseFloat(text, 64) // too large a number is infinite, with an error
	if math.IsInf(f, 0) {
		return math.Copysign(math.MaxFloat64, f)
	}
	return f
}
