/* A CLAP file with plugins for tests: one that does what plugins do, and others that do harm.
 *
 * The structures are those of the CLAP standard, version 1.x; what is not used has the type it takes the room of.
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct { uint32_t major, minor, revision; } version_t;
typedef struct host {
    version_t version;
    void *data;
    const char *name, *vendor, *url, *host_version;
    const void *(*get_extension)(const struct host *, const char *);
    void (*request_restart)(const struct host *);
    void (*request_process)(const struct host *);
    void (*request_callback)(const struct host *);
} host_t;
typedef struct {
    version_t version;
    const char *id, *name, *vendor, *url, *manual, *support, *plugin_version, *description;
    const char *const *features;
} descriptor_t;
typedef struct { float **data32; double **data64; uint32_t channels, latency; uint64_t constant; } buffer_t;
typedef struct { uint32_t size, time; uint16_t space, type; uint32_t flags; } header_t;
typedef struct {
    header_t header;
    uint32_t param;
    void *cookie;
    int32_t note;
    int16_t port, channel, key;
    double value;
} param_event_t;
typedef struct in_events {
    void *context;
    uint32_t (*size)(const struct in_events *);
    const header_t *(*get)(const struct in_events *, uint32_t);
} in_events_t;
typedef struct {
    int64_t time;
    uint32_t length;
    const void *transport;
    const buffer_t *inputs;
    buffer_t *outputs;
    uint32_t input_count, output_count;
    const in_events_t *in_events;
    const void *out_events;
} process_t;
typedef struct plugin {
    const descriptor_t *descriptor;
    void *data;
    bool (*init)(const struct plugin *);
    void (*destroy)(const struct plugin *);
    bool (*activate)(const struct plugin *, double, uint32_t, uint32_t);
    void (*deactivate)(const struct plugin *);
    bool (*start_processing)(const struct plugin *);
    void (*stop_processing)(const struct plugin *);
    void (*reset)(const struct plugin *);
    int32_t (*process)(const struct plugin *, const process_t *);
    const void *(*get_extension)(const struct plugin *, const char *);
    void (*on_main_thread)(const struct plugin *);
} plugin_t;

enum { LEVEL = 10, SHAPE, COUNT, FLIP, PARAMS, LATE = 64, MOST = 8 };
enum { GOOD, CRASH, LOOP, NAN_, FILL, OVERWRITE, REFUSE, SHUT, KINDS };

static const char *const effect[] = {"audio-effect", 0};
#define DESCRIBED(id, name) {{1, 2, 0}, id, name, "", "", "", "", "1.2.3", "", effect}
static const descriptor_t descriptors[KINDS] = {
    DESCRIBED("kit.good", "Good"), DESCRIBED("kit.crash", "Crash"), DESCRIBED("kit.loop", "Loop"),
    DESCRIBED("kit.nan", "Nan"), DESCRIBED("kit.fill", "Fill"), DESCRIBED("kit.overwrite", "Overwrite"),
    DESCRIBED("kit.refuse", "Refuse"), DESCRIBED("kit.shut", "Shut"),
};

typedef struct {
    plugin_t plugin;
    const host_t *host;
    int kind;
    uint32_t channels, place;
    double values[PARAMS - LEVEL];
    float added; /* is no parameter: only the state holds it */
    bool called;
    float late[MOST][LATE];
} kit_t;

static kit_t *of(const plugin_t *plugin) { return plugin->data; }
static void nothing(const plugin_t *plugin) { (void)plugin; }
static bool yes(const plugin_t *plugin) { (void)plugin; return true; }

static bool activate(const plugin_t *plugin, double rate, uint32_t least, uint32_t most) {
    (void)plugin, (void)least, (void)most;
    return rate > 0;
}

static void harm(int kind, const process_t *process) {
    if (kind == CRASH)
        *(volatile int *)0 = 1;
    while (kind == LOOP)
        usleep(1000);
    while (kind == FILL)
        memset(malloc(16 << 20), 1, 16 << 20);
    for (uint32_t channel = 0; channel < process->inputs[0].channels && kind == OVERWRITE; channel++)
        memset(process->inputs[0].data32[channel], 0, process->length * sizeof(float));
}

static int32_t run(const plugin_t *plugin, const process_t *process) {
    kit_t *kit = of(plugin);
    harm(kit->kind, process);
    if (kit->kind == REFUSE)
        return 0;
    for (uint32_t index = 0; index < process->in_events->size(process->in_events); index++) {
        const param_event_t *event = (const void *)process->in_events->get(process->in_events, index);
        if (event->header.type == 5 && event->param >= LEVEL && event->param < PARAMS)
            kit->values[event->param - LEVEL] = event->value;
    }
    if (!kit->called) {
        kit->called = true;
        kit->host->request_callback(kit->host);
    }
    float gain = (float)pow(10.0, kit->values[0] / 20.0) * (kit->values[FLIP - LEVEL] >= 0.5 ? -1.0f : 1.0f);
    uint32_t channels = process->outputs[0].channels, place = kit->place;
    for (uint32_t channel = 0; channel < channels; channel++) {
        float *late = kit->late[channel];
        for (uint32_t at = 0; at < process->length; at++) {
            uint32_t slot = (place + at) % LATE;
            float now = process->inputs[0].data32[channel][at];
            process->outputs[0].data32[channel][at] = kit->kind == NAN_ ? NAN : gain * late[slot] + kit->added;
            late[slot] = now;
        }
    }
    kit->place = (place + process->length) % LATE;
    return 1;
}

static void on_main_thread(const plugin_t *plugin) { (void)plugin; }

/* parameters */
typedef struct {
    uint32_t id, flags;
    void *cookie;
    char name[256], module[1024];
    double minimum, maximum, start;
} param_info_t;
static const param_info_t infos[] = {
    {LEVEL, 0, 0, "Level", "", -60, 12, 0},
    {SHAPE, 1, 0, "Shape", "", 0, 2, 1},
    {COUNT, 1, 0, "Count", "", 1, 5, 3},
    {FLIP, 1, 0, "Flip", "", 0, 1, 0},
};
static uint32_t param_count(const plugin_t *plugin) { (void)plugin; return PARAMS - LEVEL; }
static bool param_info(const plugin_t *plugin, uint32_t index, param_info_t *info) {
    (void)plugin;
    *info = infos[index];
    return true;
}
static bool param_value(const plugin_t *plugin, uint32_t id, double *value) {
    *value = of(plugin)->values[id - LEVEL];
    return true;
}
static bool param_text(const plugin_t *plugin, uint32_t id, double value, char *text, uint32_t room) {
    static const char *const shapes[] = {"Soft", "Hard", "Fold"};
    (void)plugin;
    if (id == SHAPE)
        snprintf(text, room, "%s", shapes[(int)value]);
    else
        snprintf(text, room, id == LEVEL ? "%.1f dB" : "%.0f", value);
    return true;
}
static const struct {
    uint32_t (*count)(const plugin_t *);
    bool (*info)(const plugin_t *, uint32_t, param_info_t *);
    bool (*value)(const plugin_t *, uint32_t, double *);
    bool (*text)(const plugin_t *, uint32_t, double, char *, uint32_t);
    void *from_text, *flush;
} params = {param_count, param_info, param_value, param_text, 0, 0};

/* ports, and the layouts that they can have */
typedef struct { uint32_t id; char name[256]; uint32_t flags, channels; const char *type; uint32_t pair; } port_t;
static uint32_t one(const plugin_t *plugin, bool is_input) { (void)plugin, (void)is_input; return 1; }
static bool port(const plugin_t *plugin, uint32_t index, bool is_input, port_t *port) {
    (void)index, (void)is_input;
    memset(port, 0, sizeof *port);
    port->channels = of(plugin)->channels;
    return true;
}
static const struct {
    uint32_t (*count)(const plugin_t *, bool);
    bool (*get)(const plugin_t *, uint32_t, bool, port_t *);
} ports = {one, port};

typedef struct {
    uint32_t id;
    char name[256];
    uint32_t input_ports, output_ports;
    bool has_input;
    uint32_t input_channels;
    const char *input_type;
    bool has_output;
    uint32_t output_channels;
    const char *output_type;
} layout_t;
static const uint32_t widths[] = {2, 1, MOST};
static uint32_t layout_count(const plugin_t *plugin) { (void)plugin; return 3; }
static bool layout(const plugin_t *plugin, uint32_t index, layout_t *layout) {
    (void)plugin;
    *layout = (layout_t){index, "", 1, 1, true, widths[index], 0, true, widths[index], 0};
    return true;
}
static bool choose_layout(const plugin_t *plugin, uint32_t id) {
    of(plugin)->channels = widths[id];
    return true;
}
static const struct {
    uint32_t (*count)(const plugin_t *);
    bool (*get)(const plugin_t *, uint32_t, layout_t *);
    bool (*select)(const plugin_t *, uint32_t);
} layouts = {layout_count, layout, choose_layout};

static uint32_t latency(const plugin_t *plugin) { (void)plugin; return LATE; }
static uint32_t (*const late)(const plugin_t *) = latency;

/* state: moved byte by byte, as a host must bear */
typedef struct stream { void *context; int64_t (*move)(const struct stream *, void *, uint64_t); } stream_t;
typedef struct { char mark[4]; float added; } state_t;
static bool move(const stream_t *stream, state_t *state) {
    for (size_t done = 0; done < sizeof *state; done++)
        if (stream->move(stream, (char *)state + done, 1) != 1)
            return false;
    return true;
}
static bool save(const plugin_t *plugin, const stream_t *stream) {
    state_t state = {{'K', 'I', 'T', '1'}, of(plugin)->added};
    return move(stream, &state);
}
static bool load(const plugin_t *plugin, const stream_t *stream) {
    state_t state;
    if (!move(stream, &state) || memcmp(state.mark, "KIT1", 4))
        return false;
    of(plugin)->added = state.added;
    return true;
}
static const struct {
    bool (*save)(const plugin_t *, const stream_t *);
    bool (*load)(const plugin_t *, const stream_t *);
} state = {save, load};

/* a window of its own, as if a user set the level in it and closed it at once */
typedef struct { void *hints, *resize, *show, *hide; void (*closed)(const host_t *, bool); } host_gui_t;
static bool gui_supported(const plugin_t *plugin, const char *api, bool floats) {
    (void)plugin, (void)api;
    return floats;
}
static bool gui_create(const plugin_t *plugin, const char *api, bool floats) {
    (void)plugin, (void)api;
    return floats;
}
static void gui_title(const plugin_t *plugin, const char *title) { (void)plugin, (void)title; }
static bool gui_show(const plugin_t *plugin) {
    kit_t *kit = of(plugin);
    const host_gui_t *gui = kit->host->get_extension(kit->host, "clap.gui");
    if (kit->kind == SHUT)
        _exit(1);
    kit->values[0] = -6;
    kit->added += 0.25f;
    gui->closed(kit->host, true);
    return true;
}
static const struct {
    bool (*is_supported)(const plugin_t *, const char *, bool);
    void *preferred;
    bool (*create)(const plugin_t *, const char *, bool);
    void (*destroy)(const plugin_t *);
    void *scale, *size, *can_resize, *hints, *adjust, *set_size, *parent, *transient;
    void (*title)(const plugin_t *, const char *);
    bool (*show)(const plugin_t *);
    bool (*hide)(const plugin_t *);
} gui = {gui_supported, 0, gui_create, nothing, 0, 0, 0, 0, 0, 0, 0, 0, gui_title, gui_show, yes};

static const void *get_extension(const plugin_t *plugin, const char *name) {
    (void)plugin;
    const struct { const char *name; const void *found; } all[] = {
        {"clap.params", &params}, {"clap.audio-ports", &ports}, {"clap.audio-ports-config", &layouts},
        {"clap.latency", &late}, {"clap.state", &state}, {"clap.gui", &gui},
    };
    for (size_t index = 0; index < sizeof all / sizeof *all; index++)
        if (!strcmp(all[index].name, name))
            return all[index].found;
    return 0;
}

static uint32_t factory_count(const void *factory) { (void)factory; return KINDS; }
static const descriptor_t *factory_descriptor(const void *factory, uint32_t index) {
    (void)factory;
    return &descriptors[index];
}
static const plugin_t *factory_create(const void *factory, const host_t *host, const char *id) {
    (void)factory;
    for (int kind = 0; kind < KINDS; kind++) {
        if (strcmp(descriptors[kind].id, id))
            continue;
        kit_t *kit = calloc(1, sizeof *kit);
        kit->host = host, kit->kind = kind, kit->channels = 2;
        for (int index = 0; index < PARAMS - LEVEL; index++)
            kit->values[index] = infos[index].start;
        kit->plugin = (plugin_t){&descriptors[kind], kit, yes, nothing, activate, nothing, yes, nothing,
                                 nothing, run, get_extension, on_main_thread};
        return &kit->plugin;
    }
    return 0;
}
static const struct {
    uint32_t (*count)(const void *);
    const descriptor_t *(*descriptor)(const void *, uint32_t);
    const plugin_t *(*create)(const void *, const host_t *, const char *);
} factory = {factory_count, factory_descriptor, factory_create};

static bool entry_init(const char *path) { (void)path; return true; }
static void entry_deinit(void) {}
static const void *entry_factory(const char *id) { return strcmp(id, "clap.plugin-factory") ? 0 : &factory; }

__attribute__((visibility("default"))) const struct {
    version_t version;
    bool (*init)(const char *);
    void (*deinit)(void);
    const void *(*get_factory)(const char *);
} clap_entry = {{1, 2, 0}, entry_init, entry_deinit, entry_factory};
