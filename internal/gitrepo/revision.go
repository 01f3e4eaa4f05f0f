package gitrepo

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/pushback/pushback/sources"
)

// Revision is one commit, and what people call it.
type Revision struct {
	Commit string // the whole hash
	Tag    string // "" where no tag is at the commit
	Author string // the commit's
}

// shortHash is how many digits of a hash are a version.
const shortHash = 12

// Name is the version of a revision: its tag, else the beginning of its hash.
func (r Revision) Name() string {
	if r.Tag != "" {
		return r.Tag
	}
	return r.Commit[:min(shortHash, len(r.Commit))]
}

// ref is Name for a link: a hash is whole there.
func (r Revision) ref() string {
	if r.Tag != "" {
		return r.Tag
	}
	return r.Commit
}

// The forms of what is looked for. A version comes from people and from the daemon, and git
// reads much else in a revision: ranges, options, reflogs, paths.
var (
	tagName = regexp.MustCompile(`^[0-9A-Za-z_][0-9A-Za-z._/+-]{0,199}$`)
	hash    = regexp.MustCompile(`^[0-9a-f]{7,64}$`)
)

// Head is what is checked out.
func (r *Repository) Head(ctx context.Context) (Revision, error) {
	commit, err := r.commit(ctx, "HEAD")
	if err != nil {
		return Revision{}, err
	}
	return r.at(ctx, commit, "")
}

// Version finds the commit of a version: a tag of that name, with or without a v in front, or
// a commit by the beginning of its hash. found is false where the repository has none, as in a
// clone without tags or history.
func (r *Repository) Version(ctx context.Context, version string) (_ Revision, found bool, err error) {
	if !tagName.MatchString(version) || strings.Contains(version, "..") {
		return Revision{}, false, nil
	}
	for _, tag := range []string{version, "v" + version} {
		if commit, err := r.commit(ctx, "refs/tags/"+tag); err == nil {
			at, err := r.at(ctx, commit, tag)
			return at, err == nil, err
		}
	}
	if !hash.MatchString(version) {
		return Revision{}, false, nil
	}
	if commit, err := r.commit(ctx, version); err == nil && strings.HasPrefix(commit, version) { // a branch may be called like a hash
		at, err := r.at(ctx, commit, "")
		return at, err == nil, err
	}
	return Revision{}, false, nil
}

// commit returns the hash of the commit that a name stands for.
func (r *Repository) commit(ctx context.Context, name string) (string, error) {
	out, err := git(ctx, r.dir, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
	if err != nil {
		return "", err
	}
	commit := strings.TrimSpace(out)
	if !hash.MatchString(commit) {
		return "", fmt.Errorf("git rev-parse: %q is no commit", sources.OneLine(commit, maxError))
	}
	return commit, nil
}

// at describes a commit. Without a tag it takes the newest of those that are at the commit.
func (r *Repository) at(ctx context.Context, commit, tag string) (Revision, error) {
	if tag == "" {
		out, err := git(ctx, r.dir, "for-each-ref", "--points-at="+commit, "--sort=-version:refname", "--count=1", "--format=%(refname:strip=2)", "refs/tags")
		if err != nil {
			return Revision{}, err
		}
		if name := strings.TrimSpace(out); tagName.MatchString(name) {
			tag = name
		}
	}
	authors, err := r.authors(ctx, "--max-count=1", commit)
	found := Revision{Commit: commit, Tag: tag}
	if len(authors) > 0 {
		found.Author = authors[0]
	}
	return found, err
}

// maxCommits is how many commits are read for their authors.
const maxCommits = 2000

// AuthorsBetween returns whose commits are in to and not in from, each once, the newest
// first, by the names that the repository's mailmap gives them. A name that no event may
// carry is left out: it must not keep the others from being reported.
func (r *Repository) AuthorsBetween(ctx context.Context, from, to Revision) ([]string, error) {
	authors, err := r.authors(ctx, fmt.Sprintf("--max-count=%d", maxCommits), from.Commit+".."+to.Commit)
	return authors[:min(len(authors), sources.MaxRiders)], err
}

// maxPathBytes leaves room for the rest of an event in a body of 1 MiB.
const maxPathBytes = 700 << 10

// ErrTooManyPaths is returned where more files differ than an event may name.
var ErrTooManyPaths = fmt.Errorf("too many files changed for one event (%d at most), so they are not sent and the change stays with its service", sources.MaxPaths)

// PathsBetween returns the files that differ between two revisions, from the root of the repository,
// both names of one that was moved. The error is ErrTooManyPaths where an event cannot name them.
func (r *Repository) PathsBetween(ctx context.Context, from, to Revision) ([]string, error) {
	out, err := git(ctx, r.dir, "diff", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--name-only", "-z", "--end-of-options", from.Commit, to.Commit, "--")
	if err != nil {
		return nil, err
	}
	var all []string
	if len(out) > maxPathBytes {
		return nil, ErrTooManyPaths
	}
	for path := range strings.SplitSeq(strings.TrimSuffix(out, "\x00"), "\x00") {
		if path == "" || len(path) > sources.MaxPath {
			continue // no glob of pushback.yml is as long
		}
		if len(all) == sources.MaxPaths {
			return nil, ErrTooManyPaths
		}
		all = append(all, strings.ToValidUTF8(path, "\uFFFD"))
	}
	return all, nil
}

func (r *Repository) authors(ctx context.Context, limit, commits string) ([]string, error) {
	out, err := git(ctx, r.dir, "log", "--no-show-signature", "--no-ext-diff", "--no-textconv", "--no-color", "-s", "-z", "--format=%aN", limit, "--end-of-options", commits, "--")
	if err != nil {
		return nil, err
	}
	var all []string
	for name := range strings.SplitSeq(out, "\x00") {
		name = sources.OneLine(norm.NFKC.String(name), sources.MaxName)
		if name != "" && sources.CheckName(name) == nil && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all, nil
}

// Remote is the address of the remote called origin, "" where there is none. It may hold a
// password: it is for Compare alone.
func (r *Repository) Remote(ctx context.Context) string {
	out, err := git(ctx, r.dir, "config", "--get", "remote.origin.url")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(out)
}
