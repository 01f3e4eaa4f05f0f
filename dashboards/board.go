package dashboards

// board is the part of Grafana's dashboard JSON that ours use. Grafana fills
// in the rest with its defaults when it loads one.
type board struct {
	UID           string      `json:"uid"`
	Title         string      `json:"title"`
	Tags          []string    `json:"tags"`
	SchemaVersion int         `json:"schemaVersion"`
	Editable      bool        `json:"editable"`
	GraphTooltip  int         `json:"graphTooltip"` // 1: one crosshair for all panels
	Refresh       string      `json:"refresh"`
	Time          span        `json:"time"`
	Templating    variables   `json:"templating"`
	Annotations   annotations `json:"annotations"`
	Panels        []panel     `json:"panels"`
}

type span struct {
	From string `json:"from"`
	To   string `json:"to"`
}

type variables struct {
	List []variable `json:"list"`
}

type variable struct {
	Name  string `json:"name"`
	Label string `json:"label"`
	Type  string `json:"type"`
	Query string `json:"query"`
}

type annotations struct {
	List []annotation `json:"list"`
}

type annotation struct {
	Name       string     `json:"name"`
	Datasource datasource `json:"datasource"`
	Enable     bool       `json:"enable"`
	IconColor  string     `json:"iconColor"`
	Target     tagQuery   `json:"target"`
}

type tagQuery struct {
	Type     string   `json:"type"`
	Tags     []string `json:"tags"`
	MatchAny bool     `json:"matchAny"`
	Limit    int      `json:"limit"`
}

type datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

type panel struct {
	ID          int        `json:"id"`
	Type        string     `json:"type"`
	Title       string     `json:"title"`
	GridPos     position   `json:"gridPos"`
	Datasource  datasource `json:"datasource"`
	FieldConfig fields     `json:"fieldConfig"`
	Targets     []target   `json:"targets"`
}

type position struct {
	H int `json:"h"`
	W int `json:"w"`
	X int `json:"x"`
	Y int `json:"y"`
}

type fields struct {
	Defaults unit `json:"defaults"`
}

type unit struct {
	Unit string   `json:"unit"`
	Min  *float64 `json:"min,omitempty"`
}

type target struct {
	RefID      string     `json:"refId"`
	Datasource datasource `json:"datasource"`
	Expr       string     `json:"expr"`
	Legend     string     `json:"legendFormat,omitempty"`
	Instant    bool       `json:"instant"`
	Range      bool       `json:"range"`
}

// chosen is the data source that the reader picks at the top of the board.
var chosen = datasource{Type: "prometheus", UID: "${datasource}"}

// newBoard lays the panels out and gives each its number: four stats in a
// row, two graphs in a row, 24 columns as Grafana counts.
func newBoard(uid, title string, panels []panel) board {
	x, y, height := 0, 0, 0
	for i := range panels {
		p := &panels[i]
		if x+p.GridPos.W > 24 || height != 0 && p.GridPos.H != height {
			x, y = 0, y+height
		}
		height = p.GridPos.H
		p.ID, p.GridPos.X, p.GridPos.Y = i+1, x, y
		x += p.GridPos.W
	}
	return board{
		UID: uid, Title: title, Tags: []string{"pushback"}, SchemaVersion: 39, GraphTooltip: 1,
		Refresh: "10s", Time: span{"now-1h", "now"},
		Templating:  variables{[]variable{{"datasource", "Data source", "datasource", "prometheus"}}},
		Annotations: annotations{[]annotation{changes()}},
		Panels:      panels,
	}
}

// changes draws what Pushback has annotated, by the tag it gives to each.
func changes() annotation {
	return annotation{
		Name: "Changes", Datasource: datasource{"grafana", "-- Grafana --"}, Enable: true, IconColor: "purple",
		Target: tagQuery{Type: "tags", Tags: []string{"pushback"}, Limit: 100},
	}
}

func stat(title, expr string) panel {
	return panel{
		Type: "stat", Title: title, GridPos: position{H: 4, W: 6}, Datasource: chosen,
		FieldConfig: fields{unit{Unit: "short"}},
		Targets:     []target{{RefID: "A", Datasource: chosen, Expr: expr, Instant: true}},
	}
}

func graph(title, in string, targets ...target) panel {
	zero := 0.0
	for i := range targets {
		targets[i].RefID = string(rune('A' + i))
	}
	return panel{
		Type: "timeseries", Title: title, GridPos: position{H: 8, W: 12}, Datasource: chosen,
		FieldConfig: fields{unit{Unit: in, Min: &zero}}, Targets: targets,
	}
}

func line(legend, expr string) target {
	return target{Datasource: chosen, Expr: expr, Legend: legend, Range: true}
}
