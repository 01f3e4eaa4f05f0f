package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/audit"
	"github.com/pushback/pushback/internal/replay"
	"github.com/pushback/pushback/internal/store"
)

type replayCommand struct {
	configFlag
	Change string `arg:"" help:"Key of the change, or the beginning of its key; from the database, the tool's own ID or the version too."`
	Rule   string `help:"Only the verdicts of this rule."`
	From   string `placeholder:"FILE" help:"Read an exported record in place of the database; - for standard input."`
	JSON   bool   `help:"Write JSON, for programs."`
}

// Help says what is judged again, and from what.
func (replayCommand) Help() string {
	return `Judges every verdict of a change again that the journal holds, and compares: the
verdict of each look that made a line of a rule apply or ended a watch. The journal
keeps what each was judged from, so that no metric store is asked.

It reads the database that pushback.yml names, whether the daemon runs or not, and
writes nothing. With --from it reads only a file that "pushback audit export" wrote,
so that another machine can check what was decided here.

Examples:

  pushback replay kq3v5d2y7m
  pushback replay kq3v5d2y7m --rule red --json | jq '.verdicts[].differences'
  pushback replay kq3v5d2y7m --from week.jsonl

Exit code 0 when all verdicts are equal, 1 when one differs, 2 when one cannot be
judged again, when there is none, and for every mistake.`
}

// replayed is what the command prints.
type replayed struct {
	Change   string          `json:"change"`
	Method   string          `json:"method"` // of this binary's detector
	Equal    int             `json:"equal"`
	Differs  int             `json:"differs"`
	Cannot   int             `json:"cannot"`
	Verdicts []replay.Result `json:"verdicts"`
}

// Run judges again and prints. Every failure is exit code 2, so that a pipeline can tell it
// from a verdict that differs.
func (r replayCommand) Run(ctx context.Context, out terminal) error {
	found, err := r.judge(ctx)
	if err != nil {
		return usageError(err)
	}
	if r.JSON {
		err = out.printJSON(found)
	} else {
		found.print(out)
	}
	return errors.Join(err, found.failure())
}

func (r replayCommand) judge(ctx context.Context) (replayed, error) {
	if r.From != "" {
		return r.judgeFile()
	}
	c, err := r.load()
	if err != nil {
		return replayed{}, err
	}
	url, err := c.StoreURL()
	if err != nil {
		return replayed{}, err
	}
	st, err := store.OpenReadOnly(ctx, url)
	if err != nil {
		return replayed{}, fmt.Errorf("opening Pushback's database: %w", err)
	}
	found, err := r.judgeStored(ctx, st)
	return found, errors.Join(err, st.Close())
}

// judgeStored judges from the database.
func (r replayCommand) judgeStored(ctx context.Context, st *store.Store) (replayed, error) {
	found, err := st.FindChanges(ctx, r.Change)
	if err != nil {
		return replayed{}, err
	}
	keys := make([]string, len(found))
	for i, c := range found {
		keys[i] = c.Key
	}
	key, err := onlyOne(r.Change, keys)
	if err != nil {
		return replayed{}, err
	}
	j, err := st.Journal(ctx, key)
	if err != nil {
		return replayed{}, err
	}
	return r.compare(key, j, func(hash string) (detector.Profile, error) {
		p, err := st.ProfileByHash(ctx, hash)
		if errors.Is(err, store.ErrNotFound) {
			return p, fmt.Errorf("%.12s is no longer in the database: an older version deleted it with the retention", hash)
		}
		return p, err
	})
}

// judgeFile judges from an exported record alone. Lines may be missing, so that the lines of
// one change can be sent to somebody; none may be altered.
func (r replayCommand) judgeFile() (replayed, error) {
	f, err := openRecord(r.From)
	if err != nil {
		return replayed{}, err
	}
	defer f.Close()
	record, chain, err := audit.ReadChange(f, r.Change)
	switch {
	case err != nil:
		return replayed{}, fmt.Errorf("%s: %w", r.From, err)
	case chain.Altered != "":
		return replayed{}, fmt.Errorf("%s: nothing is judged again, because the record is not what was exported: %s", r.From, chain.Altered)
	case chain.Fault != "":
		fmt.Fprintf(os.Stderr, "pushback: %s: the record has gaps, and no line of it is altered: %s\n", r.From, chain.Fault)
	}
	key, err := onlyOne(r.Change, record.Changes())
	if err != nil {
		return replayed{}, fmt.Errorf("%s: %w", r.From, err)
	}
	return r.compare(key, record.Entries, record.Profile)
}

// onlyOne is the key that a name means.
func onlyOne(name string, keys []string) (string, error) {
	switch {
	case len(keys) == 0:
		return "", fmt.Errorf("no change is called %q", name)
	case len(keys) > 1 && !slices.Contains(keys, name):
		return "", fmt.Errorf("%q may mean several changes: %s\n  hint: give the key of one", name, strings.Join(keys, ", "))
	case len(keys) > 1:
		return name, nil
	}
	return keys[0], nil
}

// compare judges again what entries of one change hold.
func (r replayCommand) compare(key string, entries []store.Entry, profile replay.ProfileByHash) (replayed, error) {
	var plain []replay.Entry
	for _, e := range entries {
		if e.ChangeKey == key && (r.Rule == "" || e.Actor == "rule "+r.Rule) {
			plain = append(plain, replay.Entry{Seq: e.Seq, Actor: e.Actor, Action: e.Action, Detail: e.Detail})
		}
	}
	found := replayed{Change: key, Method: detector.Method, Verdicts: replay.Change(plain, profile)}
	for _, v := range found.Verdicts {
		switch v.State {
		case replay.Equal:
			found.Equal++
		case replay.Differs:
			found.Differs++
		default:
			found.Cannot++
		}
	}
	if len(found.Verdicts) == 0 {
		return found, fmt.Errorf("the journal holds no verdict of change %s%s: no line of a rule has applied, and no watch has ended after a look", key, ofRule(r.Rule))
	}
	return found, nil
}

func ofRule(rule string) string {
	if rule == "" {
		return ""
	}
	return " by rule " + rule
}

// failure is the exit code where not all verdicts are equal. What differs has been printed.
func (f replayed) failure() error {
	switch {
	case f.Differs > 0:
		return &exitError{code: exitFailure}
	case f.Cannot > 0:
		return &exitError{code: exitUsage}
	}
	return nil
}

func (f replayed) print(out terminal) {
	for _, v := range f.Verdicts {
		fmt.Fprintf(out, "%s  %s%s  %s (%s): %s\n", v.At.UTC().Format("2006-01-02 15:04:05Z"), v.Rule, afterWords(v), verdictWords(v.Was),
			strings.Join(v.For, ", "), out.paint(replayStyles[v.State], replayWords[v.State]))
		if v.Why != "" {
			fmt.Fprintln(out, "  "+v.Why)
		}
		if v.Method != "" && v.Method != f.Method {
			fmt.Fprintf(out, "  it was judged by method %s, and this binary judges by method %s\n", v.Method, f.Method)
		}
		for _, d := range v.Differences {
			fmt.Fprintf(out, "  %s: %s → %s\n", d.Field, orDash(d.Was), orDash(d.Now))
		}
	}
	fmt.Fprintf(out, "%s judged again by method %s: %d equal", counted(len(f.Verdicts), "verdict"), f.Method, f.Equal)
	if f.Differs+f.Cannot > 0 {
		fmt.Fprintf(out, ", %d different, %d that cannot be judged again", f.Differs, f.Cannot)
	}
	fmt.Fprintln(out)
}

var (
	replayWords  = map[replay.State]string{replay.Equal: "equal", replay.Differs: "differs", replay.Cannot: "cannot be judged again"}
	replayStyles = map[replay.State]string{replay.Equal: styleGood, replay.Differs: styleBad, replay.Cannot: styleDoubt}
)

// afterWords marks the verdicts of a recovery watch, which judges the rollback.
func afterWords(v replay.Result) string {
	if v.After.IsZero() {
		return ""
	}
	return ", after the rollback"
}

// verdictWords is a verdict in a few words: regressed, certain, signal_lost.
func verdictWords(v detector.Verdict) string {
	words := []string{v.Outcome.String()}
	if v.Grade > detector.None {
		words = append(words, v.Grade.String())
	}
	if v.Reason != "" {
		words = append(words, string(v.Reason))
	}
	return strings.Join(words, ", ")
}
