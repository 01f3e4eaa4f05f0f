package store

import (
	"context"
	"time"

	"github.com/pushback/pushback/notify"
)

// Report is what one adapter shows of one change: the annotation on Grafana, a comment on a pull request.
// Revision grows with every change of its content; Posted is the revision that the tool shows.
type Report struct {
	ID        string // ReportID
	ChangeKey string
	Adapter   string        // its name in pushback.yml; Grafana for the annotation
	Content   notify.Report // what is shown
	Remote    string        // what the adapter knows it by; "": never posted, or not known
	Revision  int64
	Posted    int64  // below Revision: the newest one has yet to be posted
	Attempts  int    // that failed since the last one that did not, or since the newest revision
	LastError string // of the last attempt, also of one that was the last
}

// Grafana is the adapter of annotations. It is no name of an adapter in pushback.yml, which have letters.
const Grafana = "-"

// ReportID names the report of a change by an adapter.
func ReportID(changeKey, adapter string) string { return changeKey + "/" + adapter }

const selectReport = `SELECT id, change_key, adapter, remote, revision, posted, attempts, last_error, body FROM reports `

func scanReport(r row) (Report, error) {
	var p Report
	var body string
	if err := r.Scan(&p.ID, &p.ChangeKey, &p.Adapter, &p.Remote, &p.Revision, &p.Posted, &p.Attempts, &p.LastError, &body); err != nil {
		return Report{}, err
	}
	return p, decode(body, &p.Content)
}

// PutReport stores the content of a report. It makes a new revision only where the content differs from the
// stored one. Of p only ChangeKey, Adapter and Content count: FinishReport sets the others.
func (s *Store) PutReport(ctx context.Context, p Report) error {
	return putReport(ctx, s.write, p)
}

func putReport(ctx context.Context, db executor, p Report) error {
	for _, at := range []*time.Time{&p.Content.StartedAt, &p.Content.EndedAt, &p.Content.OrderAt} {
		*at = fromMicros(micros(*at)) // rounded as they are read back, so that equal times give equal JSON
	}
	body, err := encode(p.Content)
	if err != nil {
		return wrap(err, "store the report of change %s by %s", p.ChangeKey, p.Adapter)
	}
	_, err = db.ExecContext(ctx, `
		INSERT INTO reports (id, change_key, adapter, remote, revision, posted, attempts, last_error, body)
		VALUES ($1, $2, $3, '', 1, 0, 0, '', $4)
		ON CONFLICT (id) DO UPDATE SET revision = reports.revision + 1, attempts = 0, body = excluded.body
		WHERE reports.body <> excluded.body`, ReportID(p.ChangeKey, p.Adapter), p.ChangeKey, p.Adapter, body)
	return wrap(err, "store the report of change %s by %s", p.ChangeKey, p.Adapter)
}

// Report returns a report by its ID, or ErrNotFound.
func (s *Store) Report(ctx context.Context, id string) (Report, error) {
	p, err := scanReport(s.read.QueryRowContext(ctx, selectReport+`WHERE id = $1`, id))
	return p, wrap(err, "read report %s", id)
}

// PendingReports lists the reports whose newest revision is not posted.
func (s *Store) PendingReports(ctx context.Context) ([]Report, error) {
	ps, err := collect(ctx, s.read, scanReport, selectReport+`WHERE posted < revision ORDER BY id`)
	return ps, wrap(err, "list pending reports")
}

// Posted is the result of an attempt to post a report.
type Posted struct {
	Remote   string // what the adapter knows it by; "": nothing new
	Revision int64  // which the tool shows now, or which was given up; 0: as before
	Error    string // "" where it was posted
}

// FinishReport stores the result of an attempt to post. The posted revision never falls, so that a late
// answer about an old revision does not undo a newer one. False, and nothing stored, if another replica
// holds the report.
func (s *Store) FinishReport(ctx context.Context, id string, p Posted) (bool, error) {
	ok, err := affected(ctx, s.write, `
		UPDATE reports SET remote = CASE WHEN CAST($2 AS TEXT) = '' THEN remote ELSE $2 END,
			posted = CASE WHEN CAST($3 AS BIGINT) > posted THEN $3 ELSE posted END,
			attempts = CASE WHEN CAST($4 AS TEXT) = '' THEN 0 ELSE attempts + 1 END, last_error = $4
		WHERE id = $1 AND holder = $5`, id, p.Remote, p.Revision, p.Error, s.holder)
	return ok, wrap(err, "finish report %s", id)
}
