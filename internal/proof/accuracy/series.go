package accuracy

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"
)

// Series is one metric on a regular grid. Incident marks the ticks that the source of
// the data labels as anomalous. No moment is drawn near them.
type Series struct {
	Name     string
	Start    time.Time
	Step     time.Duration
	Values   []float64 // NaN where a sample is missing
	Incident []bool
}

// mostTicks bounds the grid of one file: minutes over eight years. A file with two rows
// a decade apart must not fill the memory.
const mostTicks = 1 << 22

// ReadFolder reads every series below a folder, named by its path within it.
func ReadFolder(folder string) ([]Series, error) {
	paths, err := list(folder, "*.csv", "*.csv.gz")
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("no .csv or .csv.gz file in %s", folder)
	}
	return ReadFiles(paths)
}

// ReadFiles reads series from CSV files, gzip-compressed where the name ends
// in .gz: timestamp (unix seconds or RFC 3339), value and, if there is a third
// column, 1 where the moment was an incident.
func ReadFiles(paths []string) ([]Series, error) {
	all := make([]Series, 0, len(paths))
	for _, path := range paths {
		s, err := readFile(path)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func readFile(path string) (Series, error) {
	return parseFile(path, func(r io.Reader) (Series, error) { return ReadCSV(nameOf(path), r) })
}

// maxTimestamp is in about the year 36,800. Larger values are probably milliseconds, and
// their differences would overflow.
const maxTimestamp = 1 << 40

type row struct {
	at       int64 // unix seconds
	value    float64
	incident bool
}

// ReadCSV reads one series. The step is the most common distance of rows. Missing rows
// become NaN.
func ReadCSV(name string, from io.Reader) (Series, error) {
	r := csv.NewReader(from)
	r.FieldsPerRecord = -1
	var rows []row
	for line := 1; ; line++ {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Series{}, err
		}
		one, err := parseRow(fields)
		if err != nil && line == 1 {
			continue // the header
		}
		if err != nil {
			return Series{}, fmt.Errorf("line %d: %w", line, err)
		}
		rows = append(rows, one)
		if len(rows) > mostTicks {
			return Series{}, fmt.Errorf("more than %d rows", mostTicks)
		}
	}
	return toGrid(name, rows)
}

func parseRow(fields []string) (row, error) {
	if len(fields) < 2 {
		return row{}, fmt.Errorf("%d columns; timestamp and value are needed", len(fields))
	}
	var one row
	seconds, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		at, timeErr := time.Parse(time.RFC3339, fields[0])
		if timeErr != nil {
			return row{}, fmt.Errorf("timestamp %.40q is neither unix seconds nor RFC 3339", fields[0])
		}
		seconds = at.Unix()
	}
	if seconds < -maxTimestamp || seconds > maxTimestamp {
		return row{}, fmt.Errorf("timestamp %d is not a time in seconds", seconds)
	}
	one.at = seconds
	if one.value, err = strconv.ParseFloat(fields[1], 64); err != nil {
		return row{}, fmt.Errorf("value %.40q is not a number", fields[1])
	}
	if math.IsInf(one.value, 0) {
		one.value = math.NaN()
	}
	one.incident = len(fields) > 2 && fields[2] == "1"
	return one, nil
}

// toGrid places rows on a grid with their most common distance.
func toGrid(name string, rows []row) (Series, error) {
	slices.SortStableFunc(rows, func(a, b row) int { return int(max(min(a.at-b.at, 1), -1)) })
	step := mostCommonStep(rows)
	if step <= 0 {
		return Series{}, errors.New("fewer than two rows at different times")
	}
	n := (rows[len(rows)-1].at-rows[0].at)/step + 1
	if n > mostTicks {
		return Series{}, fmt.Errorf("its rows span %d steps of %d s; at most %d are read", n, step, mostTicks)
	}
	s := Series{
		Name: name, Start: time.Unix(rows[0].at, 0).UTC(), Step: time.Duration(step) * time.Second,
		Values: make([]float64, n), Incident: make([]bool, n),
	}
	for i := range s.Values {
		s.Values[i] = math.NaN()
	}
	for _, r := range rows {
		i := (r.at - rows[0].at) / step
		s.Values[i], s.Incident[i] = r.value, s.Incident[i] || r.incident
	}
	return s, nil
}

// mostCommonStep is the most common distance of neighbours in seconds, the smaller one
// in a tie; 0 if there is none.
func mostCommonStep(rows []row) int64 {
	count := map[int64]int{}
	best := int64(0)
	for i := 1; i < len(rows); i++ {
		if d := rows[i].at - rows[i-1].at; d > 0 {
			count[d]++
		}
	}
	for d, n := range count {
		if n > count[best] || n == count[best] && d < best {
			best = d
		}
	}
	return best
}
