package accuracy

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Pod is what was recorded of one pod on one day: a value a minute of each column. Names
// of pods change from day to day; the service is what stays.
type Pod struct {
	Name, Service string
	Times         []int64 // unix seconds, about a minute apart
	Columns       map[string][]float64
}

// Fault is one that was put into a pod on purpose. It took about three minutes.
type Fault struct {
	At   int64 // unix seconds
	Pod  string
	Kind string
}

// Recording is some days of pods, with the faults that were put into them.
type Recording struct {
	Days   [][]Pod // by day, in the order of their dates
	Faults []Fault
}

// ReadRecording reads a folder of days, each with a CSV file a pod, and faults.csv.
func ReadRecording(folder string) (Recording, error) {
	faults, err := readFaults(filepath.Join(folder, "faults.csv"))
	if err != nil {
		return Recording{}, err
	}
	r := Recording{Faults: faults}
	days, err := filepath.Glob(filepath.Join(folder, "*-*-*"))
	if err != nil {
		return r, fmt.Errorf("listing %s: %w", folder, err)
	}
	for _, day := range days {
		pods, err := readPods(day)
		if err != nil {
			return r, err
		}
		r.Days = append(r.Days, pods)
	}
	if len(r.Days) < 2 {
		return r, fmt.Errorf("%s has %d days; at least two are needed, because one is the other's history", folder, len(r.Days))
	}
	return r, nil
}

func readFaults(path string) ([]Fault, error) {
	rows, err := readRows(path)
	if err != nil {
		return nil, err
	}
	faults := make([]Fault, 0, len(rows))
	for _, row := range rows[1:] {
		if len(row) < 3 {
			return nil, fmt.Errorf("reading %s: a row of %d columns; timestamp, pod and type are needed", path, len(row))
		}
		at, err := strconv.ParseInt(row[0], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("reading %s: timestamp %.40q is no number of seconds", path, row[0])
		}
		faults = append(faults, Fault{at, row[1], row[2]})
	}
	return faults, nil
}

func readPods(day string) ([]Pod, error) {
	paths, err := filepath.Glob(filepath.Join(day, "*.csv.gz"))
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", day, err)
	}
	slices.Sort(paths)
	pods := make([]Pod, 0, len(paths))
	for _, path := range paths {
		rows, err := readRows(path)
		if err != nil {
			return nil, err
		}
		p, err := podOf(strings.TrimSuffix(filepath.Base(path), ".csv.gz"), rows)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		pods = append(pods, p)
	}
	return pods, nil
}

// readRows reads a CSV file that has a heading, gzip-compressed where its name ends in .gz.
func readRows(path string) ([][]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
	}
	rows, err := csv.NewReader(r).ReadAll()
	if err == nil && len(rows) < 2 {
		err = errors.New("no rows below the heading")
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return rows, nil
}

// podOf reads the rows of one pod. What is no number is missing.
func podOf(name string, rows [][]string) (Pod, error) {
	p := Pod{Name: name, Service: serviceOf(name), Columns: map[string][]float64{}}
	for _, row := range rows[1:] {
		at, err := strconv.ParseInt(row[0], 10, 64)
		if err != nil {
			return p, fmt.Errorf("timestamp %.40q is no number of seconds", row[0])
		}
		p.Times = append(p.Times, at)
		for i, column := range rows[0][1:] {
			v, err := strconv.ParseFloat(row[i+1], 64)
			if err != nil || math.IsInf(v, 0) {
				v = math.NaN()
			}
			p.Columns[column] = append(p.Columns[column], v)
		}
	}
	return p, nil
}

// serviceOf is the pod's name without the hash of its replica set and its own.
func serviceOf(pod string) string {
	parts := strings.Split(pod, "-")
	return strings.Join(parts[:max(len(parts)-2, 1)], "-")
}

// faultTime is for how long a pod's own fault, and its end, are cut out of its series.
const faultTime = 5 * time.Minute

// faulty reports, by row, whether a fault of this pod was there, but for one that is
// looked at.
func (r Recording) faulty(p Pod, but int64) []bool {
	rows := make([]bool, len(p.Times))
	for _, f := range r.Faults {
		if f.Pod != p.Name || f.At == but {
			continue
		}
		for i, at := range p.Times {
			rows[i] = rows[i] || at > f.At && at <= f.At+int64(faultTime/time.Second)
		}
	}
	return rows
}

// quietAround reports whether no pod had a fault within a window's length of a row, and
// the system was left alone: see troubles.
func (r Recording) quietAround(at int64) bool {
	const reach = window * 60
	for _, f := range r.Faults {
		if f.At > at-reach-int64(faultTime/time.Second) && f.At < at+reach {
			return false
		}
	}
	day := at % (24 * 3600)
	for _, t := range troubles {
		if day+reach > t.from && day-reach < t.to {
			return false
		}
	}
	return true
}

// troubles are the times of day, in seconds, at which the recorded system changed without a
// listed fault: two troubles on the first day, and the end of the traffic at four in the
// afternoon on both.
var troubles = []struct{ from, to int64 }{{13*3600 + 3300, 14*3600 + 600}, {15*3600 + 3420, 16*3600 + 1500}}
