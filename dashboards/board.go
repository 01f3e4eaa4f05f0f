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
	Name       string      `json:"name"`
	Label      string      `json:"label"`
	Type       string      `json:"type"`
	Query      string      `json:"query"`
	Datasource *datasource `json:"datasource,omitempty"`
	Refresh    int         `json:"refresh,omitempty"` // 2: whenever the time range changes
	Multi      bool        `json:"multi,omitempty"`
	IncludeAll bool        `json:"includeAll,omitempty"`
	AllValue   string      `json:"allValue,omitempty"`
	Current    *current    `json:"current,omitempty"`
}

type current struct {
	Text  string `json:"text"`
	Value string `json:"value"`
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
	Options     *options   `json:"options,omitempty"`
	Targets     []target   `json:"targets"`
}

// options are those of a text panel.
type options struct {
	Mode    string `json:"mode"`
	Content string `json:"content"`
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

// written is a variable in which the reader types a value.
func written(name, label, value string) variable {
	return variable{Name: name, Label: label, Type: "textbox", Query: value, Current: &current{value, value}}
}

// listed is a variable of which the values are those that a label has.
func listed(name, label, query string) variable {
	return variable{Name: name, Label: label, Type: "query", Query: query, Datasource: &chosen, Refresh: 2}
}

// severalOf lets the reader choose several values, and all to begin with.
func severalOf(v variable) variable {
	v.Multi, v.IncludeAll, v.AllValue, v.Current = true, true, ".*", &current{"All", "$__all"}
	return v
}

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
		Templating:  variables{[]variable{{Name: "datasource", Label: "Data source", Type: "datasource", Query: "prometheus"}}},
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

// with adds variables below the data source.
func (b board) with(vs ...variable) board {
	b.Templating.List = append(b.Templating.List, vs...)
	return b
}

// over shows a longer time, of which new points come seldom.
func (b board) over(from, refresh string) board {
	b.Time.From, b.Refresh = from, refresh
	return b
}

// about draws the changes of one service alone.
func (b board) about(tag string) board {
	b.Annotations.List[0].Target.Tags = append(b.Annotations.List[0].Target.Tags, tag)
	return b
}

func text(content string) panel {
	return panel{
		Type: "text", GridPos: position{H: 3, W: 24}, Datasource: chosen,
		Options: &options{"markdown", content}, Targets: []target{},
	}
}

func stat(title, expr string) panel {
	return panel{
		Type: "stat", Title: title, GridPos: position{H: 4, W: 6}, Datasource: chosen,
		FieldConfig: fields{unit{Unit: "short"}},
		Targets:     []target{{RefID: "A", Datasource: chosen, Expr: expr, Instant: true}},
	}
}

// in says what a panel's numbers are.
func (p panel) in(what string) panel {
	p.FieldConfig.Defaults.Unit = what
	return p
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
