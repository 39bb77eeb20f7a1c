"""The page on a validation, from the folder of `apus validate -o`."""

import json

from .document import WIDTH, Document, Paragraph, Plot, Section, Table, number
from .errors import InputError
from .phonons import bands_and_states, read_phonons
from .plots import BLUE, GREY, distinct_colours

WORDS = {"pass": "passed", "warn": "warning", "fail": "FAILED"}
IN_A_ROW = 3  # dimers


def read_validation(folder):
    """What validation.json holds."""
    path = folder / "validation.json"
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
        if not isinstance(found, dict) or not {"verdict", "checks", "dimers", "conservation", "survival"} <= found.keys():
            raise ValueError
    except OSError as error:
        raise InputError(path, f"{error.strerror}, expected what apus validate -o wrote") from None
    except ValueError:
        raise InputError(path, "expected what apus validate -o writes") from None
    return found


def validation(found, folder):
    """The document."""
    checks = [[WORDS[check["verdict"]], check["name"], check["summary"]] for check in found["checks"]]
    speed = found.get("speed_us_per_atom_and_step")
    rows = [
        ["Potential", found["potential"]], ["", found["summary"]],
        ["Structure", f"{found['formula']}, {found.get('structure') or 'the largest reference structure'}"],
        ["Verdict", WORDS[found["verdict"]]],
        *([["Speed", f"{number(speed, 3)} µs per atom and step with {found['atoms']} atoms"]] if speed else []),
    ]
    sections = [
        Section("Summary", [Table([], rows, left=2), Table(["", "check", "outcome"], checks, left=3)]),
        Section("Pairs in free space", [Paragraph(
            "Energy of two atoms over that of atoms apart. Grey: closer than in the training data, where the potential "
            "extrapolates; the curve should rise there."), *_dimers(found["dimers"])]),
        Section("Conservation of energy", [Paragraph(
            "Total energy at constant energy, from the same thermal start with each timestep."),
            _conservation(found["conservation"])]),
        Section("From cold to hot", [Paragraph("Runs by Langevin's equation from the given structure; a cross marks "
                                               "where one broke off."), _survival(found["survival"])]),
    ]
    crystal = found.get("crystal")
    if crystal:
        sections.append(Section("The crystal", _crystal(crystal, folder)))
    return Document("Validation", found.get("program", "Apus"), sections)


def _dimers(dimers):
    rows = [dimers[first:first + IN_A_ROW] for first in range(0, len(dimers), IN_A_ROW)]
    return [_row_of_dimers(row) for row in rows]


def _row_of_dimers(row):
    def draw(figure):
        for axes, dimer in zip(figure.subplots(1, IN_A_ROW, squeeze=False)[0], row):
            axes.axhline(0, color=GREY, linewidth=0.5, zorder=0)
            axes.axvspan(dimer["distances"][0], dimer["shortest"], color=GREY, alpha=0.2, linewidth=0)
            axes.plot(dimer["distances"], dimer["energies"], color=BLUE)
            # Linear where atoms are bound, logarithmic on the wall, so that a hole behind it shows.
            axes.set_yscale("symlog", linthresh=1)
            axes.set(xlabel="distance, Å", ylabel="energy, eV", title="–".join(dimer["elements"]),
                     xlim=(dimer["distances"][0], dimer["distances"][-1]))
        for axes in figure.axes[len(row):]:
            axes.set_visible(False)
        figure.subplots_adjust(left=0.08, right=0.98, bottom=0.19, top=0.88, wspace=0.32)

    return Plot("Energies of pairs", (WIDTH, 2.2), draw)


def _conservation(runs):
    def draw(figure):
        axes = figure.subplots()
        colours = distinct_colours([run["timestep"] for run in runs])
        for run in runs:
            drift = run.get("drift")
            label = f"{number(run['timestep'], 2)} fs: drift {number(drift, 2)} eV/atom/ps"
            axes.plot(run["times"], [1e3 * x if x is not None else float("nan") for x in run["deviations"]],
                      color=colours[run["timestep"]], label=label, linewidth=0.8)
        axes.set(xlabel="time, ps", ylabel="change, meV/atom", title="Total energy")
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1))
        figure.subplots_adjust(left=0.1, right=0.62, bottom=0.16, top=0.9)

    return Plot("Total energies at constant energy", (WIDTH, 2.6), draw)


def _survival(runs):
    def draw(figure):
        left, right = figure.subplots(1, 2)
        colours = distinct_colours([run["bath"] for run in runs])
        for run in runs:
            colour = colours[run["bath"]]
            for axes, values in ((left, run["temperatures"]), (right, run["energies"])):
                axes.plot(run["times"], values, color=colour, linewidth=0.8, label=f"{number(run['bath'], 3)} K")
                if run.get("failure") and values:
                    axes.plot(run["times"][-1], values[-1], "x", color=colour, markersize=7)
        left.set(xlabel="time, ps", ylabel="temperature, K", title="Temperature", yscale="log")
        right.set(xlabel="time, ps", ylabel="energy, eV/atom", title="Potential energy")
        right.legend(loc="upper left", bbox_to_anchor=(1.01, 1))
        figure.subplots_adjust(left=0.1, right=0.86, bottom=0.17, top=0.9, wspace=0.35)

    return Plot("Temperatures and energies of the runs", (WIDTH, 2.5), draw)


def _crystal(crystal, folder):
    def lattice(found):
        if not found:
            return ["–"] * 4
        return [" × ".join(number(x, 5) for x in found["lengths"]), ", ".join(number(x, 4) for x in found["angles"]),
                number(found["volume"], 5), found.get("space_group") or "–"]

    given, relaxed = lattice(crystal["given"]), lattice(crystal.get("relaxed"))
    names = ["lengths, Å", "angles, °", "volume, Å³/atom", "space group"]
    blocks = [Table(["", "given", "relaxed"], [list(row) for row in zip(names, given, relaxed)])]
    elastic = crystal.get("elastic")
    if elastic:
        voigt = ["xx", "yy", "zz", "yz", "xz", "xy"]
        blocks.append(Paragraph("Elastic constants with relaxed atoms, GPa:"))
        blocks.append(Table(["", *voigt], [
            [name, *(f"{x + 0:.1f}".replace("-", "−") for x in row)] for name, row in zip(voigt, elastic["c_gpa"])]))
    if crystal.get("phonons") and (folder / "bands.csv").exists():
        blocks.append(bands_and_states(*read_phonons(folder)))
    return blocks
