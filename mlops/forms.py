"""The form that starts an experiment."""

from typing import Any

from django import forms

from mlops.data import DataMissing
from mlops.spec import Spec, SpecInvalid, spec_from
from mlops.starting import data_root
from mlops.submission import MAX_SPEC_LENGTH, check_data, parse_spec


class SpecForm(forms.Form):
    """A spec as text, and where the data is. Every problem is named beside its field."""

    spec = forms.CharField(
        label="What to try",
        max_length=MAX_SPEC_LENGTH,
        widget=forms.Textarea(
            attrs={
                "class": "input input--code",
                "rows": 22,
                "spellcheck": "false",
                "autocapitalize": "off",
            }
        ),
        help_text="YAML: a name, the trials, the gates. Each trial starts from a preset and is"
        " compared with what this server uses now.",
    )
    data = forms.CharField(  # type: ignore[assignment]  # a declared field hides nothing
        label="Labelled photos",
        max_length=500,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Folder on this server with train/, train_labels.csv and train_thresholds.csv."
        " Empty: the folder that the spec names.",
    )

    def clean_spec(self) -> Spec:
        try:
            return spec_from(parse_spec(self.cleaned_data["spec"]))
        except SpecInvalid as problem:
            raise forms.ValidationError(
                problem.evidence.get("problems", [problem.message])
            ) from None

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        spec = values.get("spec")
        folder = values.get("data") or (spec.data if spec else "")
        if folder:
            try:
                check_data(data_root(folder))
            except DataMissing as problem:
                self.add_error("data", problem.message)
        return values
