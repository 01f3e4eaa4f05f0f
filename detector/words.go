package detector

import "fmt"

var gradeWords = [...]string{None: "none", Suspect: "suspect", Likely: "likely", Certain: "certain"}

var outcomeWords = [...]string{Inconclusive: "inconclusive", Healthy: "healthy", Regressed: "regressed", Blind: "blind"}

// String is the word of a grade: none, suspect, likely or certain.
func (g Grade) String() string { return word(gradeWords[:], int(g)) }

// MarshalText writes the word.
func (g Grade) MarshalText() ([]byte, error) { return marshalWord("grade", gradeWords[:], int(g)) }

// UnmarshalText reads the word.
func (g *Grade) UnmarshalText(b []byte) error {
	n, err := unmarshalWord("grade", gradeWords[:], string(b))
	*g = Grade(n)
	return err
}

// String is the word of an outcome: inconclusive, healthy, regressed or blind.
func (o Outcome) String() string { return word(outcomeWords[:], int(o)) }

// MarshalText writes the word.
func (o Outcome) MarshalText() ([]byte, error) {
	return marshalWord("outcome", outcomeWords[:], int(o))
}

// UnmarshalText reads the word.
func (o *Outcome) UnmarshalText(b []byte) error {
	n, err := unmarshalWord("outcome", outcomeWords[:], string(b))
	*o = Outcome(n)
	return err
}

func word(words []string, n int) string {
	if n < 0 || n >= len(words) {
		return fmt.Sprintf("(%d)", n)
	}
	return words[n]
}

func marshalWord(what string, words []string, n int) ([]byte, error) {
	if n < 0 || n >= len(words) {
		return nil, fmt.Errorf("write %s: no word for %d", what, n)
	}
	return []byte(words[n]), nil
}

func unmarshalWord(what string, words []string, text string) (int, error) {
	for n, w := range words {
		if w == text {
			return n, nil
		}
	}
	return 0, fmt.Errorf("read %s: %q is none of %v", what, text, words)
}

// Reasons says every reason code in one plain sentence.
var Reasons = map[Reason]string{
	TooLittleTraffic:  "There were too few events after the change to judge it.",
	NoBaseline:        "There is too little from before the change to compare with.",
	ShortHistory:      "The history covers less than six hours, so statistics alone say no more than suspect.",
	BaselineUnhealthy: "The signal was already outside its usual range before the change; only values worse than the history's worst count.",
	SourceError:       "The metric store could not be asked, so nothing is known about the change.",
	NoData:            "The metric store answered without any value after the change.",
	StaleData:         "The metric store's newest samples are too old to judge by.",
	Confounded:        "Another change landed at the same time; what moved cannot be told apart.",
	Superseded:        "A newer change took this one's place before it could be judged.",
	RollingNeverEnded: "No tool ever said that the rollout ended.",
	SignalLost:        "The signal lived until the change and is gone, or its traffic fell by more than 80 %, while the metric store is alive.",
	Transient:         "It got worse and has been back for five ticks in a row.",
	UnmatchedSeries:   "No series has ever matched this signal's query.",
	LimitBreached:     "The rule's own limit was exceeded, and was not before the change.",
	FailedRollout:     "The rollout itself failed; the change is watched and never acted on.",
	RolledBack:        "The change was rolled back; a second watch looks at whether that helped.",
	StillWatching:     "It is too early to say anything.",
	PartialData:       "Series that lived until the change are missing from the metric store's answer or have other labels, and what is left is no sample of the whole.",
	SeveralSeries:     "The query gives several series, and the rule does not say how they become one number, so that statistics do not judge it.",
	BadUnseen:         "No series of the counter has the label that `bad` names, so that no event can be bad.",
	NeededUnseen:      "Nothing was seen of a signal that the rule needs, so that the change cannot be called healthy.",
	BucketsChanged:    "The histogram's bucket edges differ before and after the change, so the share of slow events cannot be compared; its mean is judged.",
	SampleRatio:       "The two arms got another share of the events than the rule declares, so they cannot be compared.",
}
