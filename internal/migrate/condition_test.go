package migrate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/expr-lang/expr"
)

const vector, number1 = "sum(x)", "scalar(x)"

func stretchText(s stretch) string {
	var b strings.Builder
	for _, e := range s.ends() {
		operator := map[bool]string{true: ">", false: "<"}[e.lower]
		if !e.open {
			operator += "="
		}
		fmt.Fprintf(&b, "%s%s ", operator, number(e.number))
	}
	return strings.TrimSpace(b.String())
}

func TestConditions(t *testing.T) {
	f := func(query, success, failure, kept, passed string) {
		t.Helper()
		j, problem := judgeBy(query, success, failure)
		if problem != nil {
			t.Errorf("%s | %s: %s", success, failure, problem.reason)
			return
		}
		if got := stretchText(j.kept); got != kept {
			t.Errorf("%s | %s: keeps %s, want %s", success, failure, got, kept)
		}
		if got := stretchText(j.passed); got != passed {
			t.Errorf("%s | %s: passes %s, want %s", success, failure, got, passed)
		}
	}
	f(vector, "result[0] >= 0.95", "", ">=0.95", ">=0.95")
	f(vector, "0.95 <= result[0]", "", ">=0.95", ">=0.95")
	f(vector, "result[0] < 5", "", "<5", "<5")
	f(vector, "isNaN(result[0]) || result[0] < 5", "", "<5", "<5")
	f(vector, "len(result) == 0 || isNaN(result[0]) || result[0] <= 1e3", "", "<=1000", "<=1000")
	f(vector, "asFloat(result[0]) < 95 / 100", "", "<0.95", "<0.95")
	f(vector, "!(result[0] > -3)", "", "<=-3", "<=-3")
	f(vector, "result[0] > 1 && result[0] < 3", "", "<3 >1", "<3 >1")
	f(vector, "result[0] == 0", "", "<=0 >=0", "<=0 >=0")
	f(vector, "all(result, # < 5)", "", "<5", "<5")
	f(vector, "all(result, {# < 5})", "", "<5", "<5")
	f(number1, "result < 5", "", "<5", "<5")
	f(number1, "result < 5 or result == 5", "", "<=5", "<=5")

	f(vector, "", "result[0] > 0.8", "<=0.8", "<=0.8")
	f(vector, "", "result[0] < 1 || result[0] > 3", "<=3 >=1", "<=3 >=1")
	f(vector, "", "any(result, # >= 5)", "<5", "<5")

	f(vector, "result[0] >= 0.95", "result[0] < 0.9", ">=0.9", ">=0.95")
	f(vector, "result[0] < 10", "result[0] >= 20", "<20", "<10")
	f(vector, "result[0] < 20", "result[0] >= 20", "<20", "<20")
	f(vector, "result[0] < 20", "result[0] > 10", "<=10", "<=10") // failure goes before success
	f(vector, "result[0] < 20 && result[0] > 5", "result[0] >= 20", "<20", "<20 >5")
}

func TestConditionsThatAreNoLimits(t *testing.T) {
	f := func(query, success, failure, want string) {
		t.Helper()
		if j, problem := judgeBy(query, success, failure); problem == nil || !strings.Contains(problem.reason, want) {
			t.Errorf("%s | %s: %+v, %+v; want %s", success, failure, j, problem, want)
		}
	}
	f(vector, "", "", "no condition")
	f(vector, "result[0] != 1", "", "not one stretch")
	f(vector, "result[0] < 1 || result[0] > 3", "", "not one stretch")
	f(vector, "result[0] < 1 && result[0] > 3", "", "no number satisfies it")
	f(vector, "true", "", "says the same of every number")
	f(vector, "result[1] < 1", "", "another than the first")
	f(vector, "result[0] > 1 && result[1] < 1", "", "another than the first")
	f(vector, "result < 5", "", "it cannot be evaluated")
	f(number1, "result[0] < 5", "", "it cannot be evaluated")
	f(vector, "default(result, 0) < 0.05", "", "it cannot be evaluated")
	f(vector, "result[0] in [200, 201]", "", "more than compare")
	f(vector, "result[0] * 100 < 5", "", "more than compare")
	f(vector, "asInt(result[0]) < 5", "", "more than compare")
	f(vector, "sum(result) < 5", "", "more than compare")
	f(vector, "filter(result, # > 1)", "", "filter(…) has no equivalent")
	f(vector, "result[0] <", "", "it is no expression")
	f(vector, strings.Repeat(" ", 1001), "", "longer than")
	f(vector, strings.Repeat("result[0] < 1 && ", 30)+"true", "", "more than 20")
}

func TestMissingData(t *testing.T) {
	f := func(success, failure, want string) {
		t.Helper()
		j, problem := judgeBy(vector, success, failure)
		if problem != nil || want == "" && j.missing != "" || !strings.Contains(j.missing, want) {
			t.Errorf("%s | %s: %q, %+v", success, failure, j.missing, problem)
		}
	}
	f("result[0] < 5", "", "")
	f("isNaN(result[0]) || len(result) == 0 || result[0] < 5", "", "")
	f("!isNaN(result[0]) && result[0] < 5", "", "NaN")
	f("len(result) > 0 && (isNaN(result[0]) || result[0] < 5)", "", "no series")
	f("", "len(result) == 0 || result[0] > 5", "no series")
}

// FuzzCondition holds what was read of a condition against the condition, at random numbers and at
// the ends.
func FuzzCondition(f *testing.F) {
	for _, seed := range []string{"result[0] >= 0.95", "result[0] > 1 && !(result[0] >= 3)", "isNaN(result[0]) || 5 > result[0]", "all(result, # < 5 or # == 7/2)", "len(result) == 0", "result[0] == -0.0"} {
		f.Add(seed, "result[0] > 20", uint64(1))
		f.Add("", seed, uint64(2))
	}
	f.Fuzz(func(t *testing.T, success, failure string, seed uint64) {
		j, problem := judgeBy(vector, success, failure)
		if problem != nil {
			return
		}
		random := rand.New(rand.NewPCG(seed, 1))
		numbers := []float64{0, math.MaxFloat64, -math.MaxFloat64, random.NormFloat64(), random.NormFloat64() * 1e3}
		for _, e := range append(j.kept.ends(), j.passed.ends()...) {
			numbers = append(numbers, e.number, math.Nextafter(e.number, -math.MaxFloat64), math.Nextafter(e.number, math.MaxFloat64))
		}
		for _, v := range numbers {
			checkAgainstArgo(t, success, failure, v, j)
		}
	})
}

// checkAgainstArgo evaluates the conditions as Argo does, apart from the code under test.
func checkAgainstArgo(t *testing.T, success, failure string, v float64, j judged) {
	t.Helper()
	holds := func(text string) bool {
		got, err := expr.Eval(text, environment([]float64{v}))
		return err == nil && got == true
	}
	failed := failure != "" && holds(failure) || failure == "" && !holds(success)
	passed := !failed && (success == "" || holds(success))
	if got := !inside(j.kept, v); got != failed {
		t.Errorf("%q | %q at %v: failed %v, want %v", success, failure, v, got, failed)
	}
	if got := inside(j.passed, v); got != passed {
		t.Errorf("%q | %q at %v: passed %v, want %v", success, failure, v, got, passed)
	}
}

// inside judges a number as a rule does: by limits that are exceeded, or not.
func inside(s stretch, v float64) bool {
	for _, e := range s.ends() {
		if e.lower && v < e.limit() || !e.lower && v > e.limit() {
			return false
		}
	}
	return true
}
